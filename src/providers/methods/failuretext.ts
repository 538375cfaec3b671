/** Msvm_Error: why a job failed, or what is wrong with a relationship, with what to do. */
import type { CimInstance } from '../../cim/instance.ts';
import type { Job } from '../../machine/records.ts';
import type { Emit } from '../emission.ts';

const SOFTWARE = 4;
const COMMUNICATIONS = 2;
const HIGH = 4;
const MEDIUM = 3;
const CIM_FAILED = 1;

const typeOf = (code: string): number => (code.startsWith('peer-') ? COMMUNICATIONS : SOFTWARE);

export const errorOfJob = (emit: Emit, { code, message, hint, allowed }: NonNullable<Job['error']>): CimInstance =>
  emit({
    ErrorType: typeOf(code),
    OwningEntity: 'Understudy',
    MessageID: code,
    Message: message,
    MessageArguments: [...allowed],
    PerceivedSeverity: HIGH,
    ProbableCauseDescription: message,
    RecommendedActions: [hint, ...(allowed.length > 0 ? [`Allowed now: ${allowed.join(', ')}.`] : [])].filter((text) => text !== ''),
    ErrorSourceFormat: 0,
    CIMStatusCode: CIM_FAILED,
    CIMStatusCodeDescription: message,
  });

export const healthIssue = (emit: Emit, reason: string, hint: string, isCritical: boolean): CimInstance =>
  emit({
    ErrorType: SOFTWARE,
    OwningEntity: 'Understudy',
    MessageID: 'health',
    Message: reason,
    PerceivedSeverity: isCritical ? HIGH : MEDIUM,
    ProbableCauseDescription: reason,
    RecommendedActions: hint === '' ? [] : [hint],
    ErrorSourceFormat: 0,
    CIMStatusCode: CIM_FAILED,
    CIMStatusCodeDescription: reason,
  });
