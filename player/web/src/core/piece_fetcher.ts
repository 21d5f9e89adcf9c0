// Brings pieces of one title from its edges into its PieceStore, checked and opened. Knows which edge is well, moves
// work away from one that stalls, fails or gives wrong bytes, and says so. What to fetch is fetch_schedule's; this runs
// it. One title, one thread, no DOM; the network and the clock are arguments.

import { equalBytes, type Bytes } from './bytes';
import type { Clock } from './clock';
import { Edge, type EdgeReport, type Refusal } from './edge';
import { kErrors, WeirError } from './errors';
import { kPiecesAhead, planFetches, type JobPlan, type JobView, type ReaderView, type TitleView } from './fetch_schedule';
import { kRecordBytes, type Piece } from './header_file';
import type { PieceStore } from './piece_store';
import { RefusedError } from './problem';
import { fetchRecords, StallError, WrongBytes, type FetchFn, type RecordOpener } from './piece_request';

/** Waiting for the first byte or the next one; the very first contact with an edge gets longer. */
export const kUrgentTimeoutMs = 600;
export const kAheadTimeoutMs = 2_000;
export const kFirstContactMs = 2_000;
const kMaxPatience = 8;
const kTickMs = 250;
const kMaxIncidents = 50;
const kWrongHash = 'the piece does not have its hash';

export type FetcherState = 'ok' | 'reconnecting' | 'refused' | 'damaged' | 'missing';

export interface Incident {
  atMs: number;
  edge: string;
  kind: 'stalled' | 'failed' | 'damaged' | 'missing' | 'refused';
  piece: string;
  detail: string;
}

export interface FetcherReport {
  state: FetcherState;
  refusal?: Refusal;
  edges: EdgeReport[];
  /** Jobs that another edge had to take over. */
  failovers: number;
  incidents: Incident[];
  /** [piece, first record, end record, edge], what came from where, newest last. */
  sources: [piece: number, first: number, end: number, edge: number][];
  connections: number;
}

export interface FetcherTitle {
  pieces(): readonly Piece[];
  /** Opens a sealed piece's records. */
  opener(index: number): Promise<RecordOpener>;
  /** SHA-256 of the stored piece, when the header has told it. */
  hash(index: number): Promise<Bytes>;
}

interface Job extends JobView {
  first: number;
  abort: AbortController;
  gone: boolean;
  hurry: ((ms: number) => void) | undefined;
}

/** A piece that is not sealed, until all of it is here and its hash was compared. */
interface Staged {
  bytes: Bytes;
  /** Which edge brought each record. */
  have: Map<number, number>;
  checking: boolean;
}

interface Blame {
  edge: number;
  kind: 'damaged' | 'missing';
  until: number;
}

export class PieceFetcher {
  readonly edges: Edge[];
  private readers: ReaderView[] = [];
  private jobs: Job[] = [];
  private nextId = 0;
  private patience = 1;
  private readonly staged = new Map<number, Staged>();
  /** Pieces that did not fit together, as they came. */
  private readonly solo = new Map<number, Staged>();
  private readonly blames = new Map<number, Blame[]>();
  private readonly blameRounds = new Map<number, number>();
  private state: FetcherState = 'ok';
  private failovers = 0;
  private readonly incidents: Incident[] = [];
  private readonly sources: FetcherReport['sources'] = [];
  private cancelTick: (() => void) | undefined;
  private planning = false;

  constructor(
    private readonly title: FetcherTitle,
    private readonly store: PieceStore,
    private readonly aheadBytes: number,
    urls: readonly string[],
    token: string,
    private readonly fetchFn: FetchFn,
    private readonly clock: Clock,
    /** A record came into the store. */
    private readonly onRecord: (piece: number) => void,
  ) {
    this.edges = urls.map((url) => new Edge(url, token));
  }

  /** The readers changed: plans anew. */
  want(readers: ReaderView[]): void {
    this.readers = readers;
    this.pump();
  }

  /** A new token: every edge may be asked again at once. */
  renew(token: string): void {
    for (const edge of this.edges) edge.setToken(token);
    this.state = 'ok';
    this.pump();
  }

  stop(): void {
    this.readers = [];
    this.cancelTick?.();
    for (const job of this.jobs) this.drop(job);
  }

  report(): FetcherReport {
    const now = this.clock.now();
    const refusal = this.edges.find((e) => e.refusal)?.refusal;
    return {
      state: this.state,
      ...(refusal ? { refusal } : {}),
      edges: this.edges.map((e) => e.report(now)),
      failovers: this.failovers,
      incidents: [...this.incidents],
      sources: [...this.sources],
      connections: this.jobs.length,
    };
  }

  private view(): TitleView {
    const pieces = this.title.pieces();
    return {
      pieceCount: pieces.length,
      aheadRecords: Math.floor(this.aheadBytes / kRecordBytes),
      records: (p) => Math.ceil(pieces[p]!.plainBytes / kRecordBytes),
      sealed: (p) => pieces[p]!.sealed,
      have: (p, r) => this.store.has(p, r) || (this.staged.get(p)?.have.has(r) ?? false),
      allowed: (p, e) => !this.blames.get(p)?.some((b) => b.edge === e && this.clock.now() < b.until),
      solo: (p) => this.solo.has(p),
    };
  }

  private pump(): void {
    if (this.planning) return;
    this.planning = true;
    const now = this.clock.now();
    const edges = this.edges.map((e) => ({ use: e.use(now), latencyMs: e.latencyMs }));
    const plan = planFetches(this.readers, this.jobs, edges, this.view());
    for (const id of plan.abort) {
      const job = this.jobs.find((j) => j.id === id);
      if (job) this.drop(job);
    }
    for (const job of plan.start) this.start(job);
    this.hurryAwaited();
    this.planning = false;
    this.forgetStaged();
    if (plan.starving !== undefined) this.state = this.whyStarving(plan.starving);
    this.tickWhile(plan.starving !== undefined);
  }

  /** A piece that was fetched ahead and is waited for now is waited for as impatiently as any. */
  private hurryAwaited(): void {
    for (const r of this.readers.filter((x) => !x.ghost)) {
      const job = this.jobs.find((j) => j.kind === 'ahead' && j.piece === r.piece && j.next <= r.record && r.record < j.end);
      if (!job || this.store.has(r.piece, r.record)) continue;
      job.kind = 'rest';
      if (this.edges[job.edge]!.contacted) job.hurry?.(kUrgentTimeoutMs * this.patience);
    }
  }

  /** Shunned edges come back by time alone, so while a reader starves somebody has to look again. */
  private tickWhile(needed: boolean): void {
    this.cancelTick?.();
    this.cancelTick = needed ? this.clock.after(kTickMs, () => this.pump()) : undefined;
  }

  private whyStarving(piece: number): FetcherState {
    if (this.edges.every((e) => e.refusal)) return 'refused';
    const blames = this.blames.get(piece) ?? [];
    if (blames.length < this.edges.length) return 'reconnecting';
    return blames.some((b) => b.kind === 'damaged') ? 'damaged' : 'missing';
  }

  private drop(job: Job): void {
    job.gone = true;
    job.abort.abort();
    this.jobs = this.jobs.filter((j) => j !== job);
  }

  private start(plan: JobPlan): void {
    const job: Job = { ...plan, id: this.nextId++, next: plan.first, abort: new AbortController(), gone: false, hurry: undefined };
    this.jobs.push(job);
    void this.run(job).then(
      () => this.finish(job),
      (error: unknown) => this.failed(job, error),
    );
  }

  private finish(job: Job): void {
    if (job.gone) return;
    this.jobs = this.jobs.filter((j) => j !== job);
    this.patience = Math.max(1, this.patience * 0.75);
    this.pump();
  }

  private async run(job: Job): Promise<void> {
    const piece = this.title.pieces()[job.piece]!;
    const edge = this.edges[job.edge]!;
    const opener = piece.sealed ? await this.title.opener(job.piece) : undefined;
    const firstContact = edge.contacted ? 0 : kFirstContactMs;
    const timeout = (): number => (job.kind === 'ahead' ? kAheadTimeoutMs : kUrgentTimeoutMs) * this.patience;
    const begun = this.clock.now();
    if (job.gone) return;
    await fetchRecords({
      url: edge.address(`/p/${piece.id}`),
      piece,
      first: job.first,
      end: job.end,
      fetchFn: this.fetchFn,
      clock: this.clock,
      abort: job.abort,
      firstByteMs: Math.max(firstContact, timeout()),
      idleMs: timeout,
      onWatch: (hurry) => (job.hurry = hurry),
      onAnswer: () => edge.answered(this.clock.now() - begun),
      onRecord: async (record, stored) => {
        const plain = opener ? await opener.openRecord(record, stored) : stored;
        if (!job.gone) this.take(job, record, plain, stored.length);
      },
    });
  }

  private take(job: Job, record: number, plain: Bytes, storedBytes: number): void {
    const piece = this.title.pieces()[job.piece]!;
    const edge = this.edges[job.edge]!;
    job.next = record + 1;
    edge.brought(storedBytes);
    this.noteSource(job.piece, record, job.edge);
    if (piece.sealed) {
      this.store.put(job.piece, record, plain);
      this.arrived(job.piece);
    } else {
      this.stage(job, piece, record, plain);
    }
  }

  private arrived(piece: number): void {
    this.state = 'ok';
    this.blameRounds.delete(piece);
    this.onRecord(piece);
  }

  private noteSource(piece: number, record: number, edge: number): void {
    const last = this.sources.findLast((s) => s[0] === piece && s[3] === edge && s[2] === record);
    if (last) last[2] = record + 1;
    else this.sources.push([piece, record, record + 1, edge]);
    if (this.sources.length > 400) this.sources.splice(0, 100);
  }

  // ---- pieces that are not sealed

  private stage(job: Job, piece: Piece, record: number, plain: Bytes): void {
    let s = this.staged.get(job.piece);
    if (!s) {
      s = { bytes: new Uint8Array(piece.plainBytes), have: new Map(), checking: false };
      this.staged.set(job.piece, s);
    }
    s.bytes.set(plain, record * kRecordBytes);
    s.have.set(record, job.edge);
    if (s.have.size === Math.ceil(piece.plainBytes / kRecordBytes) && !s.checking) {
      s.checking = true;
      void this.checkStaged(job.piece, s);
    }
  }

  /** What nobody waits for any more is not worth its room. */
  private forgetStaged(): void {
    for (const [piece, s] of this.staged) {
      const wanted = s.checking || this.readers.some((r) => r.piece <= piece && piece <= r.piece + kPiecesAhead);
      if (!wanted) this.staged.delete(piece);
    }
    for (const piece of this.solo.keys()) {
      if (!this.readers.some((r) => r.piece <= piece && piece <= r.piece + kPiecesAhead)) this.solo.delete(piece);
    }
  }

  private async checkStaged(index: number, s: Staged): Promise<void> {
    const [hash, expected] = await Promise.all([crypto.subtle.digest('SHA-256', s.bytes), this.title.hash(index)]);
    this.staged.delete(index);
    const edges = new Set(s.have.values());
    if (equalBytes(new Uint8Array(hash), expected)) {
      this.accept(index, s);
    } else if (edges.size === 1) {
      this.blame(index, [...edges][0]!, 'damaged', kWrongHash);
    } else {
      // Ranges of several edges: which one was wrong shows when the piece comes from one edge.
      this.solo.set(index, s);
    }
    this.pump();
  }

  private accept(index: number, s: Staged): void {
    const records = Math.ceil(s.bytes.length / kRecordBytes);
    const record = (of: Staged, i: number): Bytes => of.bytes.slice(i * kRecordBytes, (i + 1) * kRecordBytes);
    for (let i = 0; i < records; i++) this.store.put(index, i, record(s, i));
    const before = this.solo.get(index);
    this.solo.delete(index);
    this.arrived(index);
    if (!before) return;
    const wrong = [...before.have].filter(([i]) => !equalBytes(record(before, i), record(s, i)));
    const known = this.blames.get(index) ?? [];
    for (const edge of new Set(wrong.map(([, e]) => e))) {
      if (!known.some((b) => b.edge === edge)) this.blame(index, edge, 'damaged', kWrongHash);
    }
  }

  // ---- when something goes wrong

  private failed(job: Job, error: unknown): void {
    if (job.gone) return;
    this.drop(job);
    const edge = this.edges[job.edge]!;
    const now = this.clock.now();
    if (error instanceof WrongBytes || (error instanceof WeirError && error.code === kErrors.pieceCorrupt)) {
      this.blame(job.piece, job.edge, 'damaged', (error as Error).message);
    } else if (error instanceof WeirError && error.code === kErrors.notFound) {
      this.blame(job.piece, job.edge, 'missing', error.message);
    } else {
      this.edgeFailed(job, edge, now, error);
    }
    this.pump();
  }

  /** Moves everything this edge is doing: each range waiting out its own timer would cost a timeout each. */
  private edgeFailed(job: Job, edge: Edge, now: number, error: unknown): void {
    if (error instanceof RefusedError) {
      edge.refused(now, error.refusal);
      this.note(job, 'refused', error.refusal.detail);
    } else if (error instanceof StallError) {
      edge.counts.stalls++;
      edge.failed(now);
      this.patience = Math.min(kMaxPatience, this.patience * 2);
      this.note(job, 'stalled', error.message);
    } else {
      edge.counts.failures++;
      edge.failed(now);
      this.note(job, 'failed', error instanceof WeirError ? error.message : 'the connection failed');
    }
    this.failovers++;
    for (const other of this.jobs.filter((j) => j.edge === job.edge)) {
      this.failovers++;
      this.drop(other);
    }
  }

  private blame(piece: number, edgeIndex: number, kind: Blame['kind'], detail: string): void {
    const edge = this.edges[edgeIndex]!;
    edge.counts[kind]++;
    this.failovers++;
    this.note({ piece, edge: edgeIndex }, kind, detail);
    for (const job of this.jobs.filter((j) => j.piece === piece && j.edge === edgeIndex)) this.drop(job);
    const list = this.blames.get(piece)?.filter((b) => b.edge !== edgeIndex) ?? [];
    list.push({ edge: edgeIndex, kind, until: Infinity });
    this.blames.set(piece, list);
    if (list.length < this.edges.length) return;
    // Wrong everywhere: the edges may yet mend it, so ask again, ever more slowly.
    const round = this.blameRounds.get(piece) ?? 0;
    this.blameRounds.set(piece, round + 1);
    const until = this.clock.now() + Math.min(1_000 * 2 ** round, 15_000);
    for (const b of list) b.until = until;
  }

  private note(job: { piece: number; edge: number }, kind: Incident['kind'], detail: string): void {
    const incident = {
      atMs: Math.round(this.clock.now()),
      edge: this.edges[job.edge]!.url,
      kind,
      piece: this.title.pieces()[job.piece]!.id,
      detail,
    };
    this.incidents.push(incident);
    if (this.incidents.length > kMaxIncidents) this.incidents.shift();
  }
}
