/**
 * Bounds guessing of passwords: failures are counted per address, per user, and per user from one address; each count
 * locks for a time that doubles. An attempt counts as failed until it has passed, so parallel guesses gain nothing. A user
 * as such is locked for a minute at most, and not where they have signed in before: strangers cannot keep anyone out. From this
 * host's own addresses nothing is locked for longer either, because there a proxy speaks for everybody.
 */
import { Fault } from '../errors/fault.ts';
import { say } from '../language/text.ts';

interface Bound {
  readonly freeFailures: number;
  readonly longestLockMs: number;
}

interface Count {
  failures: number;
  lockedUntilMs: number;
  lastMs: number;
}

const BOUNDS = {
  pair: { freeFailures: 5, longestLockMs: 15 * 60_000 },
  address: { freeFailures: 20, longestLockMs: 15 * 60_000 },
  user: { freeFailures: 20, longestLockMs: 60_000 },
} as const satisfies Record<string, Bound>;
type Kind = keyof typeof BOUNDS;

const LOOPBACK = /^(127\.|::ffff:127\.|::1$)/;
const KEPT_KNOWN = 1_000;

const FIRST_LOCK_MS = 1_000;
const FORGOTTEN_AFTER_MS = 3_600_000;
const KEPT_COUNTS = 10_000;
/** Each verification takes a core for a moment and 16 MiB. */
const AT_ONCE = 4;

export class SignInLocked extends Fault {
  readonly retryAfterSeconds: number;

  constructor(waitMs: number) {
    const seconds = Math.max(1, Math.ceil(waitMs / 1_000));
    super('sign-in-locked', say('too many sign-ins failed: try again in {seconds} s', { seconds }));
    this.retryAfterSeconds = seconds;
  }
}

/** An IPv6 host has a whole /64 to itself. */
function networkOf(address: string): string {
  if (!address.includes(':') || address.startsWith('::ffff:')) return address;
  const [head = '', tail = ''] = address.split('::');
  const groups = head.split(':').filter(Boolean);
  const tailGroups = tail.split(':').filter(Boolean);
  const zeroes = Array.from({ length: Math.max(0, 8 - groups.length - tailGroups.length) }, () => '0');
  return [...groups, ...zeroes, ...tailGroups].slice(0, 4).join(':');
}

export class SignInGate {
  readonly #counts = new Map<string, Count>();
  /** Users with the addresses from which they have signed in, since the daemon started. */
  readonly #known = new Set<string>();
  readonly #nowMs: () => number;
  #verifying = 0;

  constructor(nowMs: () => number = Date.now) {
    this.#nowMs = nowMs;
  }

  /** The value of `verify`, called only when neither the address nor the user is locked. Throws `SignInLocked`. */
  async pass<T>(address: string, user: string, verify: () => Promise<T>): Promise<T> {
    const keys = this.#keysOf(address, user);
    const [[, pair]] = keys;
    const counting = keys.filter(([kind]) => kind !== 'user' || !this.#known.has(pair));
    const waitMs = Math.max(0, ...counting.map(([, key]) => (this.#counts.get(key)?.lockedUntilMs ?? 0) - this.#nowMs()));
    if (waitMs > 0 || this.#verifying >= AT_ONCE) throw new SignInLocked(waitMs);
    const longestLockMs = LOOPBACK.test(address) ? BOUNDS.user.longestLockMs : Infinity;
    for (const [kind, key] of keys) this.#count(kind, key, 1, longestLockMs);
    this.#verifying += 1;
    try {
      const value = await verify();
      this.#forgive(keys);
      this.#remember(pair);
      return value;
    } finally {
      this.#verifying -= 1;
    }
  }

  #keysOf(address: string, user: string): [[Kind, string], ...[Kind, string][]] {
    const network = networkOf(address);
    return [
      ['pair', `pair ${network} ${user}`],
      ['address', `address ${network}`],
      ['user', `user ${user}`],
    ];
  }

  /** Only the pair starts anew: whoever has an account cannot clear the count of their address for other users. */
  #forgive(keys: readonly [Kind, string][]): void {
    for (const [kind, key] of keys) {
      if (kind === 'pair') this.#counts.delete(key);
      else this.#count(kind, key, -1);
    }
  }

  #remember(pair: string): void {
    this.#known.delete(pair);
    this.#known.add(pair);
    if (this.#known.size > KEPT_KNOWN) this.#known.delete(this.#known.values().next().value!);
  }

  #count(kind: Kind, key: string, change: 1 | -1, atMostMs = Infinity): void {
    const nowMs = this.#nowMs();
    const before = this.#counts.get(key);
    const remembered = before && nowMs - before.lastMs < FORGOTTEN_AFTER_MS ? before.failures : 0;
    const failures = Math.max(0, remembered + change);
    const { freeFailures, longestLockMs } = BOUNDS[kind];
    const lockMs = failures < freeFailures || change < 0 ? 0 : Math.min(longestLockMs, atMostMs, FIRST_LOCK_MS * 2 ** (failures - freeFailures));
    this.#counts.delete(key);
    this.#counts.set(key, { failures, lockedUntilMs: nowMs + lockMs, lastMs: nowMs });
    if (this.#counts.size > KEPT_COUNTS) this.#counts.delete(this.#counts.keys().next().value!);
  }
}
