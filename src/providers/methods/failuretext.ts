/** Msvm_Error: why a job failed, or what is wrong with a relationship, with what to do. */
import type { CimInstance } from '../../cim/instance.ts';
import type { Issue } from '../../health/health.ts';
import type { Job } from '../../machine/records.ts';
import type { Emit } from '../emission.ts';
import type { Language } from '../../language/language.ts';
import { inLanguage } from '../../language/domain.ts';
import { say } from '../../language/text.ts';

const SOFTWARE = 4;
const COMMUNICATIONS = 2;
const HIGH = 4;
const MEDIUM = 3;
const CIM_FAILED = 1;
const OTHER_FORMAT = 1;

const typeOf = (code: string): number => (code.startsWith('peer-') ? COMMUNICATIONS : SOFTWARE);

export const errorOfJob = (emit: Emit, { code, message, hint, allowed }: NonNullable<Job['error']>, language: Language = 'en'): CimInstance =>
  emit({
    ErrorType: typeOf(code),
    OwningEntity: 'Understudy',
    MessageID: code,
    Message: message,
    MessageArguments: [...allowed],
    PerceivedSeverity: HIGH,
    ProbableCauseDescription: message,
    RecommendedActions: [hint, ...(allowed.length > 0 ? [inLanguage(say('Allowed now: {operations}.', { operations: { list: allowed } }), language)] : [])].filter((text) => text !== ''),
    ErrorSourceFormat: 0,
    CIMStatusCode: CIM_FAILED,
    CIMStatusCodeDescription: message,
  });

/** The message's id is the rule's name: see docs/generated/health.md. `source`: the relationship's InstanceID. */
export const healthIssue = (emit: Emit, { rule, severity, message, hint }: Issue, source: string): CimInstance =>
  emit({
    ErrorType: rule === 'cannot-send' || rule === 'out-of-sync' ? COMMUNICATIONS : SOFTWARE,
    OwningEntity: 'Understudy',
    MessageID: rule,
    Message: message,
    PerceivedSeverity: severity === 'critical' ? HIGH : MEDIUM,
    ProbableCauseDescription: message,
    RecommendedActions: hint === '' ? [] : [hint],
    ErrorSource: source,
    ErrorSourceFormat: OTHER_FORMAT,
    OtherErrorSourceFormat: 'InstanceID of Msvm_ReplicationRelationship',
    CIMStatusCode: CIM_FAILED,
    CIMStatusCodeDescription: message,
  });
