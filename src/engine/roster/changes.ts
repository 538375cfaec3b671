/**
 * What has changed from one edition of a roster to the next. The editions that were told last are remembered, so that a host
 * which knows one of them is told of the machines that differ, and not of all.
 */
import type { RosterMachine } from './roster.ts';

export interface RosterChanges {
  /** New, or other than they were. */
  readonly machines: readonly RosterMachine[];
  /** Ids of those that are not there any more. */
  readonly removed: readonly string[];
}

/** A host that looks asks again within a second or two; editions follow each other a few times a second at most. */
const EDITIONS = 16;

/** By id, each machine as text. */
type Texts = ReadonlyMap<string, string>;

export class Editions {
  readonly #texts = new Map<string, Texts>();
  #newest: { readonly edition: string; readonly texts: Texts } | null = null;

  /** The edition that names these machines: the newest where nothing has changed since. */
  of(machines: readonly RosterMachine[], newEdition: () => string): string {
    const before = this.#newest;
    const texts = new Map(machines.map((machine) => [machine.id, textOf(machine, before?.texts)]));
    if (before && isSame(before.texts, texts)) return before.edition;
    const edition = newEdition();
    this.#newest = { edition, texts };
    this.#texts.set(edition, texts);
    if (this.#texts.size > EDITIONS) this.#texts.delete(this.#texts.keys().next().value!);
    return edition;
  }

  /** What differs in these machines, which are the newest edition, from that one; null when it is not remembered. */
  since(edition: string | null, machines: readonly RosterMachine[]): RosterChanges | null {
    const known = edition === null ? undefined : this.#texts.get(edition);
    const texts = this.#newest?.texts;
    if (!known || !texts) return null;
    return { machines: machines.filter(({ id }) => known.get(id) !== texts.get(id)), removed: [...known.keys()].filter((id) => !texts.has(id)) };
  }
}

/** One text for all editions in which the machine is the same. */
function textOf(machine: RosterMachine, before: Texts | undefined): string {
  const text = JSON.stringify(machine);
  const known = before?.get(machine.id);
  return known === text ? known : text;
}

const isSame = (one: Texts, other: Texts): boolean => one.size === other.size && [...one].every(([id, text]) => other.get(id) === text);

/** What is known after these changes. */
export function changed(known: readonly RosterMachine[], { machines, removed }: RosterChanges): readonly RosterMachine[] {
  const all = new Map(known.map((machine) => [machine.id, machine]));
  for (const id of removed) all.delete(id);
  for (const machine of machines) all.set(machine.id, machine);
  return [...all.values()];
}
