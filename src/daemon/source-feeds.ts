import type { NativeAddon } from '../addon/addon.ts';
import { ruleDifference } from '../filter/rule-difference.ts';
import { pathFromText, pathToBuffer } from '../model/path-bytes.ts';
import { SynclineError } from '../model/syncline-error.ts';
import { type OpenSource, openSources, type WatchedSource } from './source-events.ts';
import type { TargetPlan } from './target-plan.ts';

/** For each target that is kept equal, by its plan: where its events come from, or why they cannot come. */
export type Feeds = ReadonlyMap<TargetPlan, OpenSource | SynclineError>;

interface Feed {
  readonly key: string;
  readonly source: WatchedSource;
  readonly opened: OpenSource;
}

/** The watches of a run: one feed for all targets with the same source and the same rules. */
export class SourceFeeds {
  readonly #addon: NativeAddon;
  readonly #see: (path: string) => Pick<WatchedSource, 'seeWatch' | 'seeNested'>;
  #feeds: readonly Feed[] = [];

  /** `see` gives what a watch of this source is told to. */
  constructor(addon: NativeAddon, see: (path: string) => Pick<WatchedSource, 'seeWatch' | 'seeNested'>) {
    this.#addon = addon;
    this.#see = see;
  }

  /**
   * Feeds for these targets and no others. What is watched already is used as it is, and by other rules too unless they
   * show more: then it is watched anew, with all that had the same watch. Nothing is let go before {@link keep}.
   */
  open(plans: readonly TargetPlan[]): Feeds {
    const wanted = new Map(plans.map((plan) => [keyOf(plan), plan]));
    const covering = new Map<string, Feed>();
    const toOpen = new Set<string>();
    for (const [key, plan] of wanted) {
      const feed = this.#feeds.find((one) => one.key === key) ?? this.#covering(plan);
      if (feed === undefined) toOpen.add(key);
      else covering.set(key, feed);
    }
    const openedAnew = new Set([...toOpen].map((key) => wanted.get(key)?.options.sourcePath));
    for (const company of new Set([...covering.values()].map(({ opened }) => opened.company))) {
      const on = [...covering].filter(([, { opened }]) => opened.company === company);
      const whole = on.filter(([, { opened }]) => opened.isWhole);
      const isLeft =
        whole.length === 0 || whole.some(([key]) => openedAnew.has(wanted.get(key)?.options.sourcePath));
      if (isLeft) for (const [key] of on) toOpen.add(key);
    }
    return this.#openAll(wanted, covering, toOpen, plans);
  }

  /** Lets go of everything else. */
  keep(used: ReadonlySet<OpenSource>): void {
    for (const { opened } of this.#feeds) if (!used.has(opened)) opened.release();
    this.#feeds = this.#feeds.filter(({ opened }) => used.has(opened));
  }

  /** How many directories are watched now. */
  directories(): number {
    const watches = new Map(this.#feeds.map(({ opened }) => [opened.company, opened]));
    return [...watches.values()].reduce((sum, opened) => sum + opened.directories(), 0);
  }

  #openAll(
    wanted: ReadonlyMap<string, TargetPlan>,
    covering: ReadonlyMap<string, Feed>,
    toOpen: ReadonlySet<string>,
    plans: readonly TargetPlan[],
  ): Feeds {
    const sources = new Map([...wanted].map(([key, plan]) => [key, this.#sourceOf(plan)]));
    const anew = [...toOpen].flatMap((key) => sources.get(key) ?? []);
    const results = openSources(this.#addon, anew);
    const found = new Map<string, OpenSource | SynclineError>();
    for (const [key, source] of sources) {
      const result = results.get(source) ?? this.#existing(key, source, covering);
      if (result === undefined) continue;
      found.set(key, result);
      if (result instanceof SynclineError) continue;
      if (this.#feeds.every(({ opened }) => opened !== result))
        this.#feeds = [...this.#feeds, { key, source, opened: result }];
    }
    return new Map(
      plans.flatMap((plan) => {
        const result = found.get(keyOf(plan));
        return result === undefined ? [] : [[plan, result] as const];
      }),
    );
  }

  #existing(key: string, source: WatchedSource, covering: ReadonlyMap<string, Feed>): OpenSource | undefined {
    const feed = covering.get(key);
    return feed?.key === key ? feed.opened : feed?.opened.derive(source);
  }

  /** A feed of the same source by rules that hide nothing that these show. */
  #covering({ options, rules }: TargetPlan): Feed | undefined {
    const path = pathFromText(options.sourcePath);
    const root = pathToBuffer(path);
    return this.#feeds.find(
      ({ source }) =>
        source.path === path &&
        (source.rules.compile(root) === undefined ||
          ruleDifference(source.rules.rules, rules.rules).shown.length === 0),
    );
  }

  #sourceOf({ options, rules }: TargetPlan): WatchedSource {
    return { path: pathFromText(options.sourcePath), rules, ...this.#see(options.sourcePath) };
  }
}

function keyOf({ options, rules }: TargetPlan): string {
  return JSON.stringify([options.sourcePath, rules.ruleTexts()]);
}
