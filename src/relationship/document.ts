/** The relationship's table as a page for people: docs/generated/relationship.md. Everything in it comes from the table. */
import { adviceFor, ALL_STATES, powerShellState, stateName, type Side, type State } from './state.ts';
import { CONDITIONS, ROWS, type Effect, type Row } from './table.ts';

const SIDES: readonly Side[] = ['primary', 'replica'];

const EFFECT_WORDS: Readonly<Record<Effect, string>> = {
  'forget-attempt': 'the open attempt\'s layers, journal and bitmaps are undone',
  'make-failover-layers': 'the chosen point gets the layers that the guest will write',
  'drop-failover-layers': 'the layers that the failed-over guest wrote are removed',
  'forget-failback': 'what came home with the failback is removed',
  'drop-other-points': 'every recovery point but the chosen one and those made here since is removed',
  'tell-peer': 'the other host learns this host\'s epochs',
  'hold-guest': 'a guest that runs here without the right to is paused, its memory kept',
  'free-guest': 'a guest that was held here goes on',
  'merge-layers': 'layers of retired points are merged',
  'release-machine': 'bitmaps, fingerprint maps and journals of the relationship are removed',
};

const WHO_WORDS: Readonly<Record<Row['who'], string>> = {
  operator: 'a person',
  engine: 'this host itself',
  peer: 'the other host',
};

/** Events from more states than this are told in words: their arrows would cover the diagram. */
const DRAWN_FROM_AT_MOST = 4;

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string => {
  const line = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
};

const isOn = (side: Side) => (row: Row): boolean => row.side === side;
const sorted = (states: Iterable<State>): State[] => [...new Set(states)].sort((left, right) => left - right);
const eventsOn = (side: Side): string[] => [...new Set(ROWS.filter(isOn(side)).map(({ event }) => event))];

/** Where a row leads, in a cell: the side too when it changes. */
const goal = ({ to, becomes }: Row): string => (becomes ? `${to} as ${becomes}` : String(to));

function stateTable(): string {
  const number = (value: number | null): string => (value === null ? 'none' : String(value));
  return table(
    ['CIM', 'state', 'PowerShell, primary', 'PowerShell, replica', 'what to do on the primary', 'what to do on the replica'],
    ALL_STATES.map((state) => [
      String(state), stateName(state),
      number(powerShellState(state, 'primary')), number(powerShellState(state, 'replica')),
      adviceFor(state, 'primary'), adviceFor(state, 'replica'),
    ]),
  );
}

function matrix(side: Side): string {
  const states = sorted(ROWS.filter(isOn(side)).flatMap(({ from }) => from));
  const cell = (event: string, state: State): string => {
    const row = ROWS.find((each) => each.event === event && each.side === side && each.from.includes(state));
    if (!row) return '';
    return row.supported ? goal(row) : `(${goal(row)})`;
  };
  return table(['event', ...states.map(String)], eventsOn(side).map((event) => [`\`${event}\``, ...states.map((state) => cell(event, state))]));
}

function diagram(side: Side): string {
  const rows = ROWS.filter((row) => isOn(side)(row) && row.supported && row.from.length <= DRAWN_FROM_AT_MOST);
  const node = (state: State, on: Side): string => (state === 0 ? '[*]' : `${on}${state}`);
  const nodes = new Map<string, string>();
  const arrows = new Map<string, string[]>();
  for (const row of rows) {
    const target = node(row.to, row.becomes ?? side);
    nodes.set(target, `${row.to} ${stateName(row.to)}${row.becomes ? ` (${row.becomes})` : ''}`);
    for (const from of row.from) {
      nodes.set(node(from, side), `${from} ${stateName(from)}`);
      const arrow = `${node(from, side)} --> ${target}`;
      arrows.set(arrow, [...(arrows.get(arrow) ?? []), row.event]);
    }
  }
  nodes.delete('[*]');
  const lines = [...[...nodes].map(([id, label]) => `${id}: ${label}`), ...[...arrows].map(([arrow, events]) => `${arrow}: ${events.join(', ')}`)];
  return ['```mermaid', 'stateDiagram-v2', ...lines.map((line) => `  ${line}`), '```'].join('\n');
}

function undrawn(side: Side): string {
  const rows = ROWS.filter((row) => isOn(side)(row) && row.supported && row.from.length > DRAWN_FROM_AT_MOST);
  return rows.map((row) => `- Not drawn: \`${row.event}\` leads from ${row.from.join(', ')} to ${goal(row)}.`).join('\n');
}

function rowTable(side: Side): string {
  return table(
    ['event', 'verb', 'who', 'from', 'to', 'only when', 'afterwards', 'basis', 'supported', 'why'],
    ROWS.filter(isOn(side)).map((row) => [
      `\`${row.event}\``,
      row.verb === null ? '' : `\`${row.verb}\``,
      WHO_WORDS[row.who],
      row.from.join(', '),
      goal(row),
      row.requires.map((condition) => CONDITIONS[condition]).join('; '),
      row.effects.map((effect) => EFFECT_WORDS[effect]).join('; '),
      row.basis,
      row.supported ? 'yes' : 'not yet',
      row.why,
    ]),
  );
}

function sideSections(side: Side): string[] {
  const capitalized = side.charAt(0).toUpperCase() + side.slice(1);
  return [
    `## ${capitalized}: which event is possible in which state`,
    'A cell holds the state that follows. In brackets: known, but this version answers "not supported". Empty: refused, with what is allowed instead.',
    matrix(side),
    `## ${capitalized}: the way through the states`,
    [diagram(side), undrawn(side)].filter((part) => part !== '').join('\n\n'),
    `## ${capitalized}: every transition`,
    rowTable(side),
  ];
}

/** Text of docs/generated/relationship.md. */
export function relationshipMarkdown(): string {
  const parts = [
    '<!-- Made by src/relationship/document.ts (npm run docs). Do not edit. -->',
    '# The states of a relationship',
    'A relationship has a row on each of its two hosts. Each row has a side (primary: its guest is the one that runs; replica: it holds the recovery points) and a state. One table, `src/relationship/table.ts`, says which event is possible on which side in which state, what must hold, where it leads and what runs afterwards. This page shows that table; the program runs on it.',
    'A transition is written together with the work that follows it, in one transaction. The work runs afterwards and can be repeated without harm, so a host that dies in between does it again. What the table does not allow is refused, and the refusal names what is allowed.',
    'Basis: *documented* is how Hyper-V Replica is documented to behave, *inferred* follows from it, *ours* goes further.',
    '## States',
    'The numbers are those of CIM (`Msvm_ReplicationRelationship.ReplicationState`). PowerShell numbers the same states differently, and one of them by side.',
    stateTable(),
    ...SIDES.flatMap(sideSections),
  ];
  return `${parts.join('\n\n')}\n`;
}
