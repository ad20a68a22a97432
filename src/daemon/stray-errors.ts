import { originOf, thrownText } from '../model/error-origin.ts';

/** Where stray errors are told. */
export interface StrayErrors {
  /** One of the user's: all goes on. */
  readonly tell: (message: string, remedy?: string) => void;
  /** Any other has left this thread in a state that is not known. Called once. */
  readonly fail: (error: unknown) => void;
}

/**
 * Takes from Node what is thrown in this thread where nobody catches it, until the function it gives is called: what comes
 * from a file of the user's (a timer, a promise that nobody waits for), and anything else.
 */
export function catchStrayErrors({ tell, fail }: StrayErrors): () => void {
  let hasFailed = false;
  const failBy = (error: unknown): void => {
    if (hasFailed) return;
    hasFailed = true;
    fail(error);
  };
  const rejected = (reason: unknown): void => {
    if (originOf(reason).kind === 'own') failBy(reason);
    else
      tell(
        `a promise that nobody waits for was rejected: ${thrownText(reason)}`,
        'await it, or return it from the function',
      );
  };
  const thrown = (error: unknown): void => {
    if (originOf(error).kind !== 'user') failBy(error);
    else
      tell(`an exception was thrown outside of every handler, in a timer or the like: ${thrownText(error)}`);
  };
  process.on('unhandledRejection', rejected);
  process.on('uncaughtException', thrown);
  return () => {
    process.off('unhandledRejection', rejected);
    process.off('uncaughtException', thrown);
  };
}
