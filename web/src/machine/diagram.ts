/** A relationship as a picture: which hosts, where the guest belongs and runs, which way the data flows. Pure. */
import type { HealthView } from '../../../src/service/healthviews.ts';
import type { RelationshipView } from '../../../src/service/relationshipviews.ts';
import type { MachineView } from '../../../src/service/views.ts';
import { t } from '../language.ts';

export type Flow = 'flowing' | 'standing' | 'none';

export interface Box {
  readonly host: string;
  readonly isHere: boolean;
  readonly role: 'primary' | 'replica' | 'extended';
  /** The guest runs there, as far as this host knows. */
  readonly runs: boolean;
  readonly note: string;
}

/** From one box to the next. */
export interface Arrow {
  readonly flow: Flow;
  /** The two hosts of it; false: this host does not reach the other. */
  readonly connected: boolean;
  readonly text: string;
}

export interface Diagram {
  readonly boxes: readonly Box[];
  /** One less than there are boxes. */
  readonly arrows: readonly Arrow[];
  /** The same in sentences. */
  readonly alternative: string;
}

const FLOWING: readonly number[] = [2, 3, 10, 13, 15, 16];
const STANDING: readonly number[] = [7, 8, 9, 11];
const FAILED_OVER: readonly number[] = [5, 6, 12];

export function intervalText({ intervalSeconds, additional }: RelationshipView['settings']): string {
  if (additional.cycleIntervalMs !== undefined) return t('every {count} s', { count: additional.cycleIntervalMs / 1_000 });
  return intervalSeconds < 60 ? t('every {count} s', { count: intervalSeconds }) : t('every {count} min', { count: intervalSeconds / 60 });
}

/** A replica whose machine runs on the other host by a failover there: nothing is sent to it. */
const hasYielded = ({ side, state }: RelationshipView, health: HealthView | null): boolean => side === 'replica' && state === 2 && (health?.issues.some(({ rule }) => rule === 'held') ?? false);

function arrowOf(relationship: RelationshipView, health: HealthView | null): Arrow {
  const { state, stateName, peerConnected: connected, settings, waitingFor } = relationship;
  const flow: Flow = hasYielded(relationship, health) ? 'none' : FLOWING.includes(state) ? 'flowing' : STANDING.includes(state) ? 'standing' : 'none';
  if (flow === 'none') return { flow, connected, text: state === 1 ? t('nothing is sent yet') : t('nothing is sent') };
  if (!connected) return { flow: 'standing', connected, text: t('not connected') };
  if (flow === 'standing') return { flow, connected, text: stateName };
  return { flow, connected, text: state === 3 ? (waitingFor === null ? intervalText(settings) : t('waits')) : stateName };
}

function noteOf(relationship: RelationshipView, isPrimaryBox: boolean): string {
  const { side, state } = relationship;
  const isHere = isPrimaryBox === (side === 'primary');
  if (side === 'replica' && isHere && FAILED_OVER.includes(state)) return t('failed over');
  if (side === 'replica' && isHere && state === 14) return t('came home, not committed');
  if (side === 'replica' && isHere && state === 13) return t('comes home');
  if (side === 'primary' && isHere && state === 4) return t('prepared for a failover');
  return '';
}

const ROLES: Readonly<Record<Box['role'], () => string>> = { primary: () => t('Primary'), replica: () => t('Replica'), extended: () => t('Extended replica') };
export const roleText = ({ role }: Pick<Box, 'role'>): string => ROLES[role]();

function pair(host: string, machine: MachineView, relationship: RelationshipView, health: HealthView | null): Box[] {
  const { side, peer, kind, peerConnected } = relationship;
  const runsHere = machine.power !== 'off';
  const runsThere = !runsHere && health?.runsOn === peer;
  const there = { host: peer, isHere: false, runs: runsThere && peerConnected, note: runsThere && !peerConnected ? t('the guest may run here') : noteOf(relationship, side !== 'primary') };
  const here = { host, isHere: true, runs: runsHere, note: noteOf(relationship, side === 'primary') };
  const replica = kind === 'extended' ? 'extended' : 'replica';
  return side === 'primary' ? [{ ...here, role: 'primary' }, { ...there, role: replica }] : [{ ...there, role: kind === 'extended' ? 'replica' : 'primary' }, { ...here, role: replica }];
}

function boxSentence({ host, isHere, role, runs, note }: Box): string {
  const words = { host, role: ROLES[role](), note };
  const place = isHere ? t('{host} (this host): {role}.', words) : t('{host}: {role}.', words);
  return [place, ...(runs ? [t('The guest runs there.')] : []), ...(note === '' ? [] : [t('It is so: {note}.', words)])].join(' ');
}

function arrowSentence(from: Box, to: Box, { flow, text, connected }: Arrow): string {
  const words = { from: from.host, to: to.host, text };
  if (flow === 'flowing') return t('Data flows from {from} to {to}: {text}.', words);
  const reason = flow === 'none' ? t('No data flows from {from} to {to}: {text}.', words) : t('The flow from {from} to {to} stands still: {text}.', words);
  return connected ? reason : `${reason} ${t('The hosts are not connected.')}`;
}

/** Before the two of the last host's relationship: the host where the guest runs, which this host does not ask itself. */
function addFirst(boxes: Box[], arrows: Arrow[], { kind, side, peer }: RelationshipView, host: string, health: HealthView | null): void {
  if (kind !== 'extended' || side !== 'replica' || health === null || [host, peer].includes(health.runsOn)) return;
  boxes.unshift({ host: health.runsOn, isHere: false, role: 'primary', runs: true, note: '' });
  arrows.unshift({ flow: 'none', connected: true, text: t('not known here') });
}

/** `other` is the relationship by which a replica here is sent on. */
export function diagramOf({ host, machine, relationship, other, health }: { host: string; machine: MachineView; relationship: RelationshipView; other: RelationshipView | null; health: HealthView | null }): Diagram {
  const boxes = pair(host, machine, relationship, health);
  const arrows = [arrowOf(relationship, health)];
  addFirst(boxes, arrows, relationship, host, health);
  if (other) {
    boxes.push({ host: other.peer, isHere: false, role: 'extended', runs: false, note: '' });
    arrows.push(arrowOf(other, null));
  }
  const sentences = [...boxes.map(boxSentence), ...arrows.map((arrow, at) => arrowSentence(boxes[at]!, boxes[at + 1]!, arrow)), t('Epoch {number}.', { number: relationship.epoch.number })];
  return { boxes, arrows, alternative: sentences.join(' ') };
}
