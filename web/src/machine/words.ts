/** Powers, healths and roles in words. Pure. */
import { objectiveMs } from '../../../src/history/piece.ts';
import type { RelationshipView } from '../../../src/service/relationshipviews.ts';
import type { MachineView } from '../../../src/service/views.ts';
import type { Tone } from '../components/Badge.svelte';
import { t } from '../language.ts';

export const HEALTH_TONES: Readonly<Record<RelationshipView['health'], Tone>> = { ok: 'ok', warning: 'warning', critical: 'critical', none: 'plain' };

const HEALTHS: Readonly<Record<RelationshipView['health'], () => string>> = { ok: () => t('ok'), warning: () => t('warning'), critical: () => t('critical'), none: () => t('nothing replicates') };
export const healthText = (health: RelationshipView['health']): string => HEALTHS[health]();

const POWERS: Readonly<Record<MachineView['power'], () => string>> = { off: () => t('off'), running: () => t('running'), paused: () => t('held'), stopping: () => t('shutting down') };
export const powerText = ({ power }: Pick<MachineView, 'power'>): string => POWERS[power]();

const ROLES: Readonly<Record<MachineView['role'], () => string>> = { standalone: () => t('on this host alone'), primary: () => t('primary'), replica: () => t('replica'), test: () => t('test failover\'s copy') };
export const roleText = ({ role }: Pick<MachineView, 'role'>): string => ROLES[role]();

/** How far the replica is to be behind at most. */
export const objectiveOf = ({ settings: { intervalSeconds, additional } }: RelationshipView): number => objectiveMs(additional.cycleIntervalMs ?? 1_000 * intervalSeconds);
