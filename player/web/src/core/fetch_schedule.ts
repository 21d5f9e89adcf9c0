// Which ranges of which pieces to ask which edge for, now. Pure: looks at readers, jobs and edges, answers with jobs to
// start and jobs to give up. Called again whenever any of them changed; it keeps no state of its own, so a job that
// failed is simply planned anew, from the first record that is still missing.
//
// The order (measured, see each constant): the two records a new reader waits for; nothing else before they are here;
// then the rest of that piece in three ranges; whole pieces ahead only once the reader has taken a megabyte.

export const kMaxConnections = 5;
/** Browsers allow 6 per host and share them with the page. */
export const kMaxPerEdge = 3;
export const kUrgentRecords = 2;
export const kRestRanges = 3;
export const kPiecesAhead = 4;
/** Pieces ahead before this much was taken steal from the urgent one: a median seek of 161 ms instead of 55. */
export const kAheadAfterBytes = 1 << 20;
/** A range worth a request of its own. */
const kMinRangeRecords = 4;
/** A record that a running job reaches only after this many others is asked for again. */
const kNearRecords = 4;
const kUnsealedRanges = 4;

export type JobKind = 'urgent' | 'rest' | 'ahead';

export interface ReaderView {
  /** Where it will read next. */
  piece: number;
  record: number;
  deliveredBytes: number;
  /** Has got nothing yet: it was opened by a start or a seek. */
  fresh: boolean;
  /** Cancelled a moment ago: its jobs may go on, it starts none. */
  ghost: boolean;
}

export interface JobView {
  id: number;
  piece: number;
  /** The record it will bring next; end is exclusive. */
  next: number;
  end: number;
  kind: JobKind;
  edge: number;
}

/** yes: healthy. probe: was shunned, may prove itself with one ahead job. last: only when no other is left. */
export type EdgeUse = 'yes' | 'probe' | 'last' | 'no';

export interface EdgeView {
  use: EdgeUse;
  /** A tie is broken by the quicker one. */
  latencyMs: number;
}

export interface TitleView {
  pieceCount: number;
  records(piece: number): number;
  sealed(piece: number): boolean;
  /** Here already, or (in a piece that is not sealed) waiting for the others to be checked. */
  have(piece: number, record: number): boolean;
  /** False when this edge gave wrong bytes, or none, for the piece. */
  allowed(piece: number, edge: number): boolean;
  /** Must come from one edge in one piece: ranges from several did not fit together. */
  solo(piece: number): boolean;
  /** Room for pieces ahead. */
  aheadRecords: number;
}

export interface JobPlan {
  piece: number;
  first: number;
  end: number;
  kind: JobKind;
  edge: number;
}

export interface Plan {
  start: JobPlan[];
  abort: number[];
  /** A piece that a reader waits for and no edge can be asked for now. */
  starving?: number;
}

export function planFetches(readers: ReaderView[], jobs: JobView[], edges: EdgeView[], title: TitleView): Plan {
  return new Planner(readers, jobs, edges, title).plan();
}

class Planner {
  private readonly out: Plan = { start: [], abort: [] };
  private readonly live: ReaderView[];
  private jobs: JobView[];

  constructor(
    private readonly readers: ReaderView[],
    jobs: JobView[],
    private readonly edges: EdgeView[],
    private readonly title: TitleView,
  ) {
    this.live = readers.filter((r) => !r.ghost && r.piece < title.pieceCount);
    this.jobs = jobs;
  }

  plan(): Plan {
    for (const job of this.jobs.filter((j) => !this.wanted(j))) this.giveUp(job);
    let waiting = this.jobs.some((j) => j.kind === 'urgent');
    for (const reader of this.live) waiting = this.planUrgent(reader) || waiting;
    if (waiting) return this.out;
    for (const reader of this.live) this.planRest(reader);
    for (const reader of this.live) if (reader.deliveredBytes >= kAheadAfterBytes) this.planAhead(reader);
    return this.out;
  }

  private wanted(job: JobView): boolean {
    return this.readers.some((r) =>
      r.piece === job.piece
        ? job.end > r.record || !this.title.sealed(job.piece)
        : r.piece < job.piece && job.piece <= r.piece + kPiecesAhead,
    );
  }

  private giveUp(job: JobView): void {
    this.out.abort.push(job.id);
    this.jobs = this.jobs.filter((j) => j !== job);
  }

  /** True while the reader waits for records that it needs at once. */
  private planUrgent(reader: ReaderView): boolean {
    const { piece } = reader;
    const records = this.title.records(piece);
    const sealed = this.title.sealed(piece);
    // Once bytes flow, two records at a time would cost a round trip each: the ranges of the rest serve as well.
    if (sealed && !reader.fresh) return false;
    // A piece that is not sealed can only be checked whole.
    const from = sealed ? reader.record : 0;
    const to = sealed ? Math.min(reader.record + kUrgentRecords, records) : records;
    if (this.missing(piece, from, to).length === 0) return false;
    const runs = this.missing(piece, from, to, kNearRecords);
    const ranges = sealed || this.title.solo(piece) ? 1 : kUnsealedRanges;
    for (const [first, end] of this.split(runs, piece, ranges)) {
      if (!this.start({ piece, first, end, kind: 'urgent' }, true)) break;
    }
    return true;
  }

  private planRest(reader: ReaderView): void {
    const { piece } = reader;
    const runs = this.missing(piece, reader.record, this.title.records(piece), Infinity);
    for (const [first, end] of this.split(runs, piece, kRestRanges)) {
      // The first of them holds what the reader waits for.
      if (!this.start({ piece, first, end, kind: 'rest' }, first === reader.record)) return;
    }
  }

  private planAhead(reader: ReaderView): void {
    let room = this.title.aheadRecords;
    const last = Math.min(reader.piece + kPiecesAhead, this.title.pieceCount - 1);
    for (let piece = reader.piece + 1; piece <= last; piece++) {
      room -= this.title.records(piece);
      if (room < 0) return;
      for (const [first, end] of this.missing(piece, 0, this.title.records(piece), Infinity)) {
        if (!this.start({ piece, first, end, kind: 'ahead' }, false)) return;
      }
    }
  }

  /**
   * Runs of [from, to) that are not here; with `near`, neither on their way: brought by a running job within that many
   * records.
   */
  private missing(piece: number, from: number, to: number, near?: number): [first: number, end: number][] {
    const out: [number, number][] = [];
    for (let i = from; i < to; i++) {
      if (this.title.have(piece, i)) continue;
      if (near !== undefined && this.coming(piece, i, near)) continue;
      const last = out.at(-1);
      if (last && last[1] === i) last[1] = i + 1;
      else out.push([i, i + 1]);
    }
    return out;
  }

  private coming(piece: number, record: number, near: number): boolean {
    // Checking a piece that is not sealed waits for all of it anyway.
    const within = this.title.sealed(piece) ? near : Infinity;
    return this.jobs.some((j) => j.piece === piece && j.next <= record && record < j.end && record - j.next <= within);
  }

  /** Cuts runs into about as many ranges as are still free of the `ranges` a piece may have. */
  private split(runs: [number, number][], piece: number, ranges: number): [number, number][] {
    const total = runs.reduce((n, [a, b]) => n + b - a, 0);
    const free = Math.max(1, ranges - this.jobs.filter((j) => j.piece === piece).length);
    const step = Math.max(kMinRangeRecords, Math.ceil(total / free));
    const out: [number, number][] = [];
    for (const [first, end] of runs) {
      for (let at = first; at < end; at += step) out.push([at, Math.min(at + step, end)]);
    }
    return out;
  }

  private start(job: Omit<JobPlan, 'edge'>, urgent: boolean): boolean {
    let edge = this.pickEdge(job.piece, job.kind);
    if ((edge === 'full' || this.jobs.length >= kMaxConnections) && urgent && edge !== 'none') {
      const victim = this.leastNeeded(job.piece);
      if (!victim) return false;
      this.giveUp(victim);
      edge = this.pickEdge(job.piece, job.kind);
    }
    if (edge === 'none') {
      if (urgent) this.out.starving = job.piece;
      return false;
    }
    if (edge === 'full' || this.jobs.length >= kMaxConnections) return false;
    const planned = { ...job, edge };
    this.out.start.push(planned);
    // Counts as running for the rest of this plan.
    this.jobs = [...this.jobs, { id: -this.out.start.length, next: job.first, ...planned }];
    return true;
  }

  private leastNeeded(urgentPiece: number): JobView | undefined {
    const started = (j: JobView): boolean => j.id >= 0;
    const ahead = this.jobs.filter((j) => started(j) && j.kind === 'ahead' && j.piece !== urgentPiece);
    const rest = this.jobs.filter((j) => started(j) && j.kind === 'rest' && j.piece !== urgentPiece);
    return ahead.sort((a, b) => b.piece - a.piece)[0] ?? rest[0];
  }

  private pickEdge(piece: number, kind: JobKind): number | 'full' | 'none' {
    const running = (edge: number): number => this.jobs.filter((j) => j.edge === edge).length;
    const open = this.edges
      .map((view, index) => ({ ...view, index, running: running(index) }))
      .filter((e) => e.use !== 'no' && this.title.allowed(piece, e.index));
    const healthy = open.filter((e) => e.use === 'yes');
    const probing = open.filter((e) => e.use === 'probe' && e.running === 0);
    if (kind === 'ahead' && healthy.length > 0 && probing[0]) return probing[0].index;
    // With no healthy edge left the others are tried one job at a time.
    const pool = healthy.length > 0 ? healthy.filter((e) => e.running < kMaxPerEdge) : open.filter((e) => e.running === 0);
    if (open.length === 0) return 'none';
    pool.sort((a, b) => a.running - b.running || a.latencyMs - b.latencyMs);
    return pool[0]?.index ?? 'full';
  }
}
