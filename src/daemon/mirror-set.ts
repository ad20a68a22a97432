import { SynclineError } from '../model/syncline-error.ts';
import type { Target } from '../target/target.ts';
import { configDifference, type TargetChange } from './config-difference.ts';
import { changeLine, settingsLines } from './difference-text.ts';
import { withFields } from './log.ts';
import { MirrorMaker, type MadeMirror } from './mirror-maker.ts';
import type { RunParts, Unable } from './run-parts.ts';
import type { OpenSource } from './source-events.ts';
import { type Feeds, SourceFeeds } from './source-feeds.ts';
import { mayMeet, type RunPlan, type TargetPlan } from './target-plan.ts';
import { createRootLog, createWatchLog } from './watch-log.ts';

interface Running {
  plan: TargetPlan;
  readonly made: MadeMirror;
  /** Where its events come from; undefined: it needs none. */
  opened: OpenSource | undefined;
}

/** All mirrors of one process, which can change while they run. What goes wrong with one is no concern of the others. */
export class MirrorSet {
  readonly #parts: RunParts;
  readonly #maker: MirrorMaker;
  readonly #feeds: SourceFeeds;
  /** By the key of the plan. */
  readonly #running = new Map<string, Running>();
  /** No more in the plan; each with its end. */
  readonly #leaving = new Map<Running, Promise<void>>();
  /** Of a change under way: for targets that do not run yet, and those that targets have not let go of. */
  #opening: Feeds = new Map();
  readonly #left = new Set<OpenSource>();
  readonly #work = new Set<Promise<void>>();
  readonly #counts = { sources: 0, targets: 0 };
  #plan: RunPlan | undefined;
  #isDelivered = true;

  constructor(parts: RunParts) {
    this.#parts = parts;
    this.#maker = new MirrorMaker(parts, this.#counts);
    this.#feeds = new SourceFeeds(parts.addon, (source) => {
      const log = withFields(parts.log, () => (this.#counts.sources > 1 ? { source } : {}));
      return { seeWatch: createWatchLog(log, parts.watchProgress()), seeNested: createRootLog(log) };
    });
    parts.board.directories = () => this.#feeds.directories();
  }

  /**
   * Starts everything. Leaves out what cannot work, and says why; throws a SynclineError when nothing is left, and for
   * options that can never work before anything is touched. `ready` is called before anything is watched or delivered,
   * when it is known that something can work.
   */
  async start(plan: RunPlan, ready: () => void = () => undefined): Promise<void> {
    this.#use(plan);
    const all = plan.targets.map((target) => this.#maker.make(target));
    for (const made of all) this.#show(made);
    const unable = await this.#maker.prepare(all);
    const isOnlySource = new Set(plan.targets.map(({ options }) => options.sourcePath)).size === 1;
    const [first] = unable;
    // What is wrong with the only source is wrong with all its targets.
    if (first !== undefined && (all.length === 1 || (isOnlySource && first.error.code === 'SOURCE')))
      throw first.error;
    this.#stop(all, unable);
    if (unable.length === all.length)
      throw new SynclineError('TARGET', `none of the ${all.length} targets can work`);
    ready();
    const able = without(all, unable);
    const feeds = this.#feeds.open(able.map((made) => made.plan).filter(isLive));
    const unwatched = failuresOf(feeds);
    if (isOnlySource && unwatched[0] !== undefined) throw unwatched[0].error;
    this.#stop(able, unwatched);
    for (const made of without(able, unwatched)) this.#begin(made, feeds);
  }

  /**
   * Changes over to another plan by what differs, and tells the log what. Everything new is made ready before anything is
   * changed: for what cannot work nothing is changed, and it is returned. What could not work before is left out again.
   */
  change(plan: RunPlan): Promise<readonly Unable[]> {
    const change = this.#change(plan);
    this.#track(change.then(() => undefined));
    return change;
  }

  /** Resolves when no mirror is at work: with true when all were `once`, and everything was delivered to all. */
  async done(): Promise<boolean> {
    while (this.#work.size > 0) await Promise.race(this.#work);
    return this.#isDelivered;
  }

  /** Ends all watches and children; afterwards none is left. */
  async close(): Promise<void> {
    this.#feeds.keep(new Set());
    await this.#maker.close();
  }

  async #change(plan: RunPlan): Promise<readonly Unable[]> {
    const before = this.#plan ?? plan;
    const running = [...this.#running.values()].map((one) => one.plan);
    const difference = configDifference({ settings: before.settings, targets: running }, plan);
    const { remade, unable: notRemade } = await this.#remake(difference.changed);
    const added: MadeMirror[] = [];
    const unable: Unable[] = [...notRemade];
    for (const target of difference.added) {
      const made = attempt(() => this.#maker.make(target));
      if (made instanceof SynclineError) unable.push({ plan: target, error: made });
      else added.push(made);
    }
    unable.push(...(await this.#maker.prepare(added)));
    const keys = new Set(difference.removed.map(({ key }) => key));
    const staying = [...this.#running.keys()].filter((key) => !keys.has(key));
    const live = plan.targets.filter(
      (target) =>
        isLive(target) &&
        (staying.includes(target.key) || added.some((made) => made.plan === target)) &&
        unable.every((one) => one.plan !== target),
    );
    const feeds = this.#feeds.open(live);
    this.#opening = feeds;
    unable.push(...failuresOf(feeds));
    const known = new Set(before.targets.map(({ key }) => key));
    const isNews = ({ plan: { key } }: Unable): boolean => this.#running.has(key) || !known.has(key);
    if (unable.some(isNews) || this.#parts.ending.signal() !== undefined) {
      this.#opening = new Map();
      this.#feeds.keep(this.#used());
      await Promise.all([
        ...added.map((made) => this.#maker.unmake(made)),
        ...[...remade.values()].map((target) => target.close()),
      ]);
      return unable.filter(isNews);
    }
    this.#tell(settingsLines(difference));
    this.#use(plan);
    for (const target of difference.removed) this.#remove(target);
    await this.#follow(plan, feeds);
    for (const change of difference.changed) this.#update(change, remade.get(change));
    this.#stop(added, unable);
    const started = without(added, unable);
    for (const made of started) {
      const how = known.has(made.plan.key) ? 'started again' : 'added';
      made.mirror.log.info(`configuration reloaded: target ${made.plan.name}: ${how}`);
      this.#begin(made, feeds);
    }
    this.#opening = new Map();
    this.#feeds.keep(this.#used());
    const { settings, changed, removed } = difference;
    if ([settings, changed, removed, started].every(({ length }) => length === 0))
      this.#tell(['nothing changed']);
    return [];
  }

  /** The targets that other options ask for, prepared. */
  async #remake(
    changes: readonly TargetChange[],
  ): Promise<{ readonly remade: ReadonlyMap<TargetChange, Target>; readonly unable: readonly Unable[] }> {
    const remade = new Map<TargetChange, Target>();
    const unable: Unable[] = [];
    for (const change of changes) {
      const running = this.#running.get(change.to.key);
      if (running === undefined || !change.isRemade) continue;
      try {
        remade.set(change, await this.#maker.remake(running.made, change.to));
      } catch (error) {
        if (!(error instanceof SynclineError)) throw error;
        unable.push({ plan: change.to, error });
      }
    }
    return { remade, unable };
  }

  /** Lets targets that go on follow the feeds that they have now. */
  async #follow(plan: RunPlan, feeds: Feeds): Promise<void> {
    const moves = plan.targets.map(async (target) => {
      const running = this.#running.get(target.key);
      const opened = feeds.get(target);
      if (running?.opened === undefined || !isOpen(opened) || running.opened === opened) return;
      const isSameWatch = running.opened.company === opened.company;
      this.#left.add(running.opened);
      running.opened = opened;
      await running.made.mirror.moveTo(opened.events, isSameWatch);
    });
    await Promise.all(moves);
    this.#left.clear();
  }

  #update(change: TargetChange, target: Target | undefined): void {
    const running = this.#running.get(change.to.key);
    if (running === undefined) {
      void target?.close();
      return;
    }
    const { mirror } = running.made;
    mirror.log.info(`configuration reloaded: ${changeLine(change)}`);
    running.plan = change.to;
    mirror.update({ options: change.to.options, target, compare: change.compare });
  }

  #remove(plan: TargetPlan): void {
    const running = this.#running.get(plan.key);
    if (running === undefined) return;
    this.#running.delete(plan.key);
    const { mirror } = running.made;
    mirror.log.info(
      `configuration reloaded: target ${plan.name}: removed; it ends after its delivery under way`,
    );
    const end = mirror
      .retire()
      .then(() => this.#maker.unmake(running.made))
      .finally(() => {
        this.#leaving.delete(running);
        this.#feeds.keep(this.#used());
      });
    this.#leaving.set(running, end);
    this.#track(end);
  }

  /** The mirror goes to work, as soon as those that it could meet have ended. */
  #begin(made: MadeMirror, feeds: Feeds): void {
    const { plan } = made;
    this.#show(made);
    const opened = feeds.get(plan);
    const running = { plan, made, opened: isOpen(opened) ? opened : undefined };
    this.#running.set(plan.key, running);
    const others = [...this.#leaving].flatMap(([other, end]) => (mayMeet(other.plan, plan) ? [end] : []));
    this.#track(this.#run(running, others));
  }

  async #run(running: Running, others: readonly Promise<void>[]): Promise<void> {
    const { mirror } = running.made;
    if (others.length > 0) await Promise.all(others);
    let isDelivered = false;
    if (running.plan.options.once) isDelivered = await mirror.syncOnce();
    else if (running.opened !== undefined) await mirror.keepEqual(running.opened.events);
    if (this.#running.get(running.plan.key) !== running) return;
    this.#isDelivered &&= isDelivered;
    this.#running.delete(running.plan.key);
    this.#feeds.keep(this.#used());
    await this.#maker.unmake(running.made);
  }

  /** They cannot work: says so. */
  #stop(all: readonly MadeMirror[], unable: readonly Unable[]): void {
    for (const { plan, error } of unable) {
      const made = all.find((one) => one.plan === plan);
      if (made === undefined) continue;
      this.#show(made);
      made.mirror.stopped(error.message, error.remedy);
      this.#isDelivered = false;
      this.#track(this.#maker.unmake(made));
    }
  }

  #show({ plan, mirror }: MadeMirror): void {
    this.#parts.board.show(plan.key, mirror.status);
  }

  #use(plan: RunPlan): void {
    this.#plan = plan;
    this.#parts.board.follow(plan.targets.map(({ key }) => key));
    this.#counts.sources = new Set(plan.targets.map(({ options }) => options.sourcePath)).size;
    this.#counts.targets = plan.targets.length;
    this.#parts.useSettings(plan.settings);
  }

  #used(): ReadonlySet<OpenSource> {
    const all = [...this.#running.values(), ...this.#leaving.keys()];
    return new Set([
      ...this.#left,
      ...all.flatMap(({ opened }) => opened ?? []),
      ...[...this.#opening.values()].filter(isOpen),
    ]);
  }

  #tell(lines: readonly string[]): void {
    for (const line of lines) this.#parts.log.info(`configuration reloaded: ${line}`);
  }

  #track(work: Promise<void>): void {
    const tracked = work.finally(() => {
      this.#work.delete(tracked);
    });
    // Whoever waits for all of them gets the failure.
    tracked.catch(() => {
      this.#parts.ending.now();
    });
    this.#work.add(tracked);
  }
}

function without(all: readonly MadeMirror[], unable: readonly Unable[]): readonly MadeMirror[] {
  return all.filter((made) => unable.every(({ plan }) => plan !== made.plan));
}

function failuresOf(feeds: Feeds): readonly Unable[] {
  return [...feeds].flatMap(([plan, error]) => (isOpen(error) ? [] : [{ plan, error }]));
}

function isOpen(feed: OpenSource | SynclineError | undefined): feed is OpenSource {
  return feed !== undefined && !(feed instanceof SynclineError);
}

/** It needs events. */
function isLive({ options }: TargetPlan): boolean {
  return !options.once;
}

function attempt<T>(work: () => T): T | SynclineError {
  try {
    return work();
  } catch (error) {
    if (error instanceof SynclineError) return error;
    throw error;
  }
}
