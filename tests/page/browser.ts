/** Debian's Chromium before a real daemon's page. Whatever a page complains of (errors, refused content, failed requests) fails its test. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import axe from 'axe-core';
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from 'playwright-core';
import type { Role } from '../../src/service/accessviews.ts';
import type { TestHost } from '../flow/testhost.ts';

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const PASSWORD = 'correct horse battery staple';
const WITHIN_MS = 10_000;
const WCAG = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

export const openBrowser = (): Promise<Browser> => chromium.launch({ executablePath: '/usr/bin/chromium', args: FLAGS });

export const pageUrl = (host: TestHost): string => `http://${host.address}:${7480 + host.portOffset}`;

/** The user is there, with the bench's password. */
export async function addUser(host: TestHost, name = 'operator', role: Role = 'administrator'): Promise<void> {
  const file = join(host.directory, 'password');
  writeFileSync(file, `${PASSWORD}\n`);
  await host.run('user', 'add', name, '--role', role, '--password-file', file);
}

export interface OperatorOptions extends BrowserContextOptions {
  readonly name?: string;
}

/** One person in one browser of their own. */
export class Operator {
  readonly page: Page;
  readonly #context: BrowserContext;
  readonly #name: string;
  readonly #complaints: string[] = [];

  private constructor(context: BrowserContext, page: Page, name: string) {
    this.#context = context;
    this.page = page;
    this.#name = name;
    page.on('pageerror', (error) => this.#complaints.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') this.#complaints.push(message.text());
    });
  }

  /** Nothing is opened yet. */
  static async arrive(browser: Browser, host: TestHost, { name = 'operator', ...options }: OperatorOptions = {}): Promise<Operator> {
    const context = await browser.newContext({ baseURL: pageUrl(host), locale: 'en-GB', ...options });
    context.setDefaultTimeout(WITHIN_MS);
    return new Operator(context, await context.newPage(), name);
  }

  /** Signed in by the form, with the overview before them. */
  static async signedIn(browser: Browser, host: TestHost, options: OperatorOptions = {}): Promise<Operator> {
    const operator = await Operator.arrive(browser, host, options);
    await operator.page.goto('/');
    await operator.signIn();
    await operator.page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    operator.forgive(/401/);
    return operator;
  }

  async signIn(password = PASSWORD): Promise<void> {
    await this.page.getByLabel('User').fill(this.#name);
    await this.page.getByLabel('Password').fill(password);
    await this.page.getByRole('button', { name: 'Sign in' }).click();
  }

  /** Complaints that a test provoked on purpose; there must have been one. */
  forgive(pattern: RegExp): void {
    const left = this.#complaints.filter((complaint) => !pattern.test(complaint));
    assert.notEqual(left.length, this.#complaints.length, `nothing like ${pattern} was complained of: ${this.#complaints.join('; ')}`);
    this.#complaints.splice(0, this.#complaints.length, ...left);
  }

  /** What axe finds against WCAG 2.2 AA on the page as it is; nothing must be found. */
  async checkAccessibility(what: string): Promise<void> {
    await this.page.evaluate(axe.source);
    const found = await this.page.evaluate(async (tags) => {
      const { axe: checker } = globalThis as unknown as { axe: { run(options: object): Promise<{ violations: { id: string; help: string; nodes: { target: unknown; failureSummary: string }[] }[] }> } };
      const { violations } = await checker.run({ runOnly: tags });
      return violations.map(({ id, help, nodes }) => `${id}: ${help}\n${nodes.slice(0, 3).map((node) => `  ${JSON.stringify(node.target)} ${node.failureSummary}`).join('\n')}`);
    }, WCAG);
    assert.equal(found.join('\n'), '', `${what}: axe`);
  }

  /** Nothing is wider than the window. */
  async checkWidth(what: string): Promise<void> {
    const [content, window] = await this.page.evaluate<[number, number]>('[document.documentElement.scrollWidth, document.documentElement.clientWidth]');
    assert.ok(content <= window, `${what}: ${content} px wide in a window of ${window} px`);
  }

  /** The browser of this person is closed; fails when a page complained. */
  async leave(): Promise<void> {
    await this.#context.close();
    this.checkComplaints();
  }

  checkComplaints(): void {
    assert.equal(this.#complaints.join('\n'), '', 'complaints of the page');
  }
}
