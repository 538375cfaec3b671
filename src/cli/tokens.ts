/** Tokens of sign-ins, one for each host, in a file that only its owner can read. */
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

type Tokens = Record<string, string>;

function filePath(): string {
  const base = process.env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config');
  return join(base, 'understudy', 'tokens.json');
}

function read(): Tokens {
  try {
    const value: unknown = JSON.parse(readFileSync(filePath(), 'utf8'));
    if (typeof value !== 'object' || value === null) return {};
    return Object.fromEntries(Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
  } catch {
    return {};
  }
}

function write(tokens: Tokens): void {
  const path = filePath();
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const fresh = `${path}.${process.pid}`;
  writeFileSync(fresh, `${JSON.stringify(tokens, null, 2)}\n`, { mode: 0o600 });
  chmodSync(fresh, 0o600);
  renameSync(fresh, path);
}

export const tokenFor = (url: URL): string | undefined => read()[url.origin];

export function keepToken(url: URL, token: string): void {
  write({ ...read(), [url.origin]: token });
}

export function forgetToken(url: URL): void {
  const { [url.origin]: _, ...others } = read();
  write(others);
}
