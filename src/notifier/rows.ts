/** What the notifier keeps durably, whoever keeps it. */
import type { Notification } from '../notifications/notification.ts';
import type { Delivery, Target } from '../notifications/target.ts';
import type { Standing } from '../notifications/telling.ts';

/** What is durable of targets and of what they are told. */
export interface Rows {
  targets(): readonly Target[];
  delivery(targetId: string): Delivery;
  putDelivery(targetId: string, delivery: Delivery): void;
  standings(targetId: string): ReadonlyMap<string, Standing>;
  tell(targetId: string, notification: Notification, standings: ReadonlyMap<string, Standing | null>, atMost: number): number;
  next(targetId: string): { readonly id: number; readonly notification: Notification } | undefined;
  take(id: number): void;
}
