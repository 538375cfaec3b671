/** Writes to the event log: what happened, to which machine, what to do. Number and severity come from the table of events. */
import { EVENTS, type EventName, type EventRow } from '../health/events.ts';
import type { Host } from './host.ts';

/** `machine`: its name, or null for the host itself. Without a hint the table's stands. */
export function report(host: Host, event: EventName, machine: string | null, message: string, hint?: string): void {
  const { number, severity, hint: standing }: EventRow = EVENTS[event];
  const told = hint ?? standing;
  const about = machine === null || message.startsWith(`${machine}: `) ? message : `${machine}: ${message}`;
  const { id } = host.state.addEvent({ atMs: host.clock.nowMs(), number, severity, machine, message: about, ...(told !== '' && { hint: told }) });
  host.changed('event', String(id));
}
