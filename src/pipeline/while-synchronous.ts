/** A step that may ask for the next one at once or later, run without growing the stack. */
export function whileSynchronous(step: (again: () => void) => void): () => void {
  let isRunning = false;
  let isDue = false;
  const run = (): void => {
    isDue = true;
    if (isRunning) return;
    isRunning = true;
    while (isDue) {
      isDue = false;
      step(run);
    }
    isRunning = false;
  };
  return run;
}
