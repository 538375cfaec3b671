/**
 * The past on SQLite. Pieces are a text that grows with each cycle, in rows that fit one page, so that a cycle writes one page more
 * than it did. When an hour is over its pieces are added up in a row of its own, and so is a day; the finer rows go sooner.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { EndedRelationship, History } from '../engine/ports/history.ts';
import { byHours, clipped, hourOf, type Piece } from '../history/piece.ts';
import type { Recovery } from '../history/recovery.ts';
import { floorTo, KEPT_MS, keptAt } from '../history/retention.ts';
import type { Past, Stretch } from '../history/series.ts';
import { slotOf, sumOf, type Slot } from '../history/slot.ts';
import { slotOfStored, storedPiece, storedPieces, storedSlot } from '../history/stored.ts';
import { Statements } from './statements.ts';
import { DAY_MS, HOUR_MS } from '../language/lengths.ts';

const PIECE_ROW_CHARACTERS = 3_500;
const KEPT_RECOVERIES = 1_000;
const KEPT_ENDED = 1_000;

/** Of the table `history`; a row of pieces begins with its first piece, and lies in one hour. */
const UNIT = { pieces: 0, hour: HOUR_MS, day: DAY_MS } as const;

export const HISTORY_TABLES = `
  CREATE TABLE history (
    relationship_id TEXT NOT NULL, unit_ms INTEGER NOT NULL CHECK (unit_ms IN (${Object.values(UNIT).join(', ')})), from_ms INTEGER NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (relationship_id, unit_ms, from_ms)) STRICT;
  CREATE TABLE recoveries (id TEXT PRIMARY KEY, relationship_id TEXT NOT NULL, asked_ms INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
  CREATE INDEX recoveries_by_relationship ON recoveries (relationship_id, asked_ms);
  CREATE TABLE ended_relationships (id TEXT PRIMARY KEY, ended_ms INTEGER NOT NULL, body TEXT NOT NULL) STRICT;`;

interface Found {
  readonly pieces: Piece[];
  readonly stretches: Stretch[];
}

interface Row {
  readonly from_ms: number;
  readonly body: string;
}

export class SqliteHistory implements History {
  readonly #statements: Statements;

  constructor(database: DatabaseSync) {
    this.#statements = new Statements(database);
  }

  append(relationshipId: string, piece: Piece): void {
    const newest = this.#newestPieces(relationshipId);
    const parts = byHours(piece, piece.untilMs - KEPT_MS);
    for (const part of parts) this.#appendPart(relationshipId, part);
    const hourMs = hourOf(piece.untilMs);
    const firstMs = newest === undefined ? hourOf(parts[0]!.untilMs) : floorTo(newest.from_ms, HOUR_MS);
    if (firstMs < hourMs) this.#foldUntil(relationshipId, firstMs, hourMs, piece.intervalMs);
  }

  past(relationshipId: string, fromMs: number, untilMs: number, unitMs: number): Past {
    const found: Found = { pieces: [], stretches: [] };
    const firstMs = Math.max(fromMs, this.#beginning(relationshipId) ?? untilMs);
    const days = this.#slots(relationshipId, UNIT.day, floorTo(firstMs, DAY_MS), untilMs);
    for (let dayMs = floorTo(firstMs, DAY_MS); dayMs < untilMs; dayMs += DAY_MS) {
      const day = days.get(dayMs);
      const isWhole = dayMs >= fromMs && dayMs + DAY_MS <= untilMs;
      if (day && isWhole && unitMs >= DAY_MS) found.stretches.push(day);
      else if (!this.#findWithinDay(relationshipId, Math.max(fromMs, dayMs), Math.min(untilMs, dayMs + DAY_MS), unitMs, found) && day) found.stretches.push(day);
    }
    return found;
  }

  /** False when nothing finer than the day is kept. */
  #findWithinDay(relationshipId: string, fromMs: number, untilMs: number, unitMs: number, found: Found): boolean {
    const firstMs = floorTo(fromMs, HOUR_MS);
    const hours = this.#slots(relationshipId, UNIT.hour, firstMs, untilMs);
    const isEnough = (hourMs: number): boolean => unitMs >= HOUR_MS && hours.has(hourMs) && hourMs >= fromMs && hourMs + HOUR_MS <= untilMs;
    const all = Array.from({ length: Math.ceil((untilMs - firstMs) / HOUR_MS) }, (_, index) => firstMs + index * HOUR_MS);
    const open = all.filter((hourMs) => !isEnough(hourMs));
    const pieces = open.length === 0 ? [] : this.#pieces(relationshipId, open[0]!, open.at(-1)! + HOUR_MS);
    const byHour = Map.groupBy(pieces, (piece) => hourOf(piece.untilMs));
    for (const hourMs of all) {
      const fine = isEnough(hourMs) ? undefined : byHour.get(hourMs);
      const hour = hours.get(hourMs);
      if (fine) found.pieces.push(...fine.flatMap((piece) => clipped(piece, fromMs, untilMs) ?? []));
      else if (hour) found.stretches.push(hour);
    }
    return hours.size > 0 || pieces.length > 0;
  }

  /** Since when anything is known. */
  #beginning(relationshipId: string): number | null {
    const of = 'SELECT min(from_ms) AS first FROM history WHERE relationship_id = ?1 AND unit_ms =';
    const { first } = this.#statements.prepare(`SELECT min(first) AS first FROM (${Object.values(UNIT).map((unit) => `${of} ${unit}`).join(' UNION ALL ')})`).get(relationshipId) as { first: number | null };
    return first;
  }

  forgetAfter(relationshipId: string, untilMs: number): void {
    this.#run('DELETE FROM history WHERE relationship_id = ? AND (from_ms >= ? OR from_ms + unit_ms > ?)', relationshipId, floorTo(untilMs, HOUR_MS), untilMs);
  }

  putRecovery(relationshipId: string, recovery: Recovery): void {
    this.#run('INSERT INTO recoveries VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body', recovery.id, relationshipId, Math.round(recovery.askedMs), JSON.stringify(recovery));
    this.#run('DELETE FROM recoveries WHERE relationship_id = ?1 AND (asked_ms < ?2 OR id NOT IN (SELECT id FROM recoveries WHERE relationship_id = ?1 ORDER BY asked_ms DESC LIMIT ?3))', relationshipId, Math.round(recovery.askedMs) - KEPT_MS, KEPT_RECOVERIES);
  }
  recovery(id: string): Recovery | undefined {
    return parsed<Recovery>(this.#statements.prepare('SELECT body FROM recoveries WHERE id = ?').get(id))[0];
  }
  recoveries(relationshipId: string, fromMs: number, untilMs: number): readonly Recovery[] {
    return parsed(...this.#statements.prepare('SELECT body FROM recoveries WHERE relationship_id = ? AND asked_ms > ? AND asked_ms <= ? ORDER BY asked_ms').all(relationshipId, fromMs, untilMs));
  }

  putEnded(ended: EndedRelationship): void {
    const tooOldMs = ended.endedMs - KEPT_MS;
    this.#run('INSERT OR REPLACE INTO ended_relationships VALUES (?, ?, ?)', ended.id, ended.endedMs, JSON.stringify(ended));
    const gone = this.#statements.prepare('SELECT id FROM ended_relationships WHERE ended_ms < ? OR id NOT IN (SELECT id FROM ended_relationships ORDER BY ended_ms DESC LIMIT ?)').all(tooOldMs, KEPT_ENDED) as { id: string }[];
    for (const { id } of gone) {
      this.#run('DELETE FROM history WHERE relationship_id = ?', id);
      this.#run('DELETE FROM recoveries WHERE relationship_id = ?', id);
      this.#run('DELETE FROM ended_relationships WHERE id = ?', id);
    }
  }
  ended(sinceMs: number): readonly EndedRelationship[] {
    return parsed(...this.#statements.prepare('SELECT body FROM ended_relationships WHERE ended_ms > ? ORDER BY ended_ms').all(sinceMs));
  }

  #newestPieces(relationshipId: string): { from_ms: number; characters: number } | undefined {
    return this.#statements.prepare('SELECT from_ms, length(body) AS characters FROM history WHERE relationship_id = ? AND unit_ms = 0 ORDER BY from_ms DESC LIMIT 1').get(relationshipId) as { from_ms: number; characters: number } | undefined;
  }

  /** Of one hour. */
  #appendPart(relationshipId: string, part: Piece): void {
    const newest = this.#newestPieces(relationshipId);
    const hourMs = hourOf(part.untilMs);
    const goesOn = newest !== undefined && newest.from_ms >= hourMs && newest.characters < PIECE_ROW_CHARACTERS;
    const fromMs = goesOn ? newest.from_ms : Math.max(hourMs, Math.min(part.fromMs, part.untilMs - 1));
    this.#run('INSERT INTO history VALUES (?, 0, ?, ?) ON CONFLICT DO UPDATE SET body = body || excluded.body', relationshipId, fromMs, storedPiece(part, fromMs));
  }

  /** The hours from that one to before this one are over, and so are days that end in them. */
  #foldUntil(relationshipId: string, firstMs: number, hourMs: number, intervalMs: number): void {
    for (let fromMs = firstMs; fromMs < hourMs; fromMs += HOUR_MS) this.#putSlot(relationshipId, UNIT.hour, fromMs, this.#pieces(relationshipId, fromMs, fromMs + HOUR_MS).map(slotOf));
    for (let fromMs = floorTo(firstMs, DAY_MS); fromMs + DAY_MS <= hourMs; fromMs += DAY_MS) {
      this.#putSlot(relationshipId, UNIT.day, fromMs, [...this.#slots(relationshipId, UNIT.hour, fromMs, fromMs + DAY_MS).values()].map(({ slot }) => slot));
    }
    const { piecesFromMs, hoursFromMs, daysFromMs } = keptAt(hourMs, intervalMs);
    for (const [unit, before] of [[UNIT.pieces, piecesFromMs], [UNIT.hour, hoursFromMs], [UNIT.day, daysFromMs]] as const) this.#run('DELETE FROM history WHERE relationship_id = ? AND unit_ms = ? AND from_ms < ?', relationshipId, unit, before);
  }

  #putSlot(relationshipId: string, unitMs: number, fromMs: number, slots: readonly Slot[]): void {
    if (slots.length > 0) this.#run('INSERT OR REPLACE INTO history VALUES (?, ?, ?, ?)', relationshipId, unitMs, fromMs, storedSlot(sumOf(slots)));
  }

  /** All that begin in it. A piece that ends with the hour is in it. */
  #pieces(relationshipId: string, fromMs: number, untilMs: number): Piece[] {
    return this.#rows(relationshipId, UNIT.pieces, fromMs, untilMs).flatMap((row) => storedPieces(row.body, row.from_ms));
  }

  #slots(relationshipId: string, unitMs: number, fromMs: number, untilMs: number): Map<number, Stretch> {
    return new Map(this.#rows(relationshipId, unitMs, fromMs, untilMs).map((row) => [row.from_ms, { fromMs: row.from_ms, untilMs: row.from_ms + unitMs, slot: slotOfStored(row.body) }]));
  }

  #rows(relationshipId: string, unitMs: number, fromMs: number, untilMs: number): Row[] {
    return this.#statements.prepare('SELECT from_ms, body FROM history WHERE relationship_id = ? AND unit_ms = ? AND from_ms >= ? AND from_ms < ? ORDER BY from_ms').all(relationshipId, unitMs, fromMs, untilMs) as unknown as Row[];
  }

  #run(sql: string, ...values: (string | number)[]): void {
    this.#statements.prepare(sql).run(...values);
  }
}

const parsed = <T>(...rows: readonly (Record<string, unknown> | undefined)[]): T[] => rows.flatMap((row) => (row ? [JSON.parse(row['body'] as string) as T] : []));
