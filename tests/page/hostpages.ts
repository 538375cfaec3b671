/** One person on the pages about the host itself, doing what can be done there. */
import type { Locator } from 'playwright-core';
import type { Operator } from './browser.ts';
import { fill, type Filled } from './form.ts';

const WITHIN_MS = 30_000;

export interface Asked {
  /** What the button stands beside. */
  readonly about?: string;
  readonly values?: Filled;
  /** What is typed to confirm. */
  readonly typed?: string;
}

export class HostPages {
  readonly #operator: Operator;
  readonly #done: Set<string>;

  /** `done` gets the commands whose actions were done. */
  constructor(operator: Operator, done: Set<string>) {
    this.#operator = operator;
    this.#done = done;
  }

  async go(page: string): Promise<void> {
    await this.#operator.page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: page, exact: true }).click();
    await this.#operator.page.getByRole('heading', { level: 1, name: page, exact: true }).waitFor();
  }

  get dialog(): Locator {
    return this.#operator.page.getByRole('dialog');
  }

  /** The dialog is sent off. */
  async ask(command: string, { about, values = {}, typed }: Asked = {}): Promise<void> {
    const button = this.#operator.page.locator(about === undefined ? `[data-command="${command}"]` : `[data-command="${command}"][aria-label$=": ${about}"]`);
    await button.first().click({ timeout: WITHIN_MS });
    await fill(this.dialog, values);
    if (typed !== undefined) await this.dialog.getByLabel(/^To go on, type/).fill(typed);
    await this.dialog.locator('button[type="submit"]').click();
  }

  /** It was done: the dialog says how it went, or is closed. What it says. */
  async act(command: string, asked: Asked = {}): Promise<string> {
    await this.ask(command, asked);
    const closed = this.#operator.page.locator('body:not(:has(dialog[open]))');
    const close = this.dialog.locator('footer').getByRole('button', { name: 'Close', exact: true });
    const failed = this.dialog.getByRole('alert').filter({ hasNotText: /is done|It arrived|not shown again/ });
    await closed.or(close).or(failed).first().waitFor({ timeout: WITHIN_MS });
    if (await failed.isVisible()) throw new Error(`${command}: ${await this.dialog.innerText()}`);
    const text = (await this.dialog.count()) > 0 ? await this.#told() : '';
    this.#done.add(command);
    return text;
  }

  async #told(): Promise<string> {
    const running = this.dialog.getByText('is under way');
    await running.waitFor({ state: 'detached', timeout: WITHIN_MS });
    const text = await this.dialog.innerText();
    const secret = this.dialog.locator('input[readonly], textarea[readonly]');
    const value = (await secret.count()) > 0 ? await secret.first().inputValue() : '';
    await this.dialog.locator('footer').getByRole('button', { name: 'Close', exact: true }).click();
    await this.dialog.waitFor({ state: 'detached' });
    return value === '' ? text : value;
  }

  /** It was not done; what the page says of it. Nothing is left open. */
  async refused(command: string, asked: Asked = {}): Promise<string> {
    await this.ask(command, asked);
    const said = this.dialog.getByRole('alert');
    await said.first().waitFor({ timeout: WITHIN_MS });
    const text = await said.first().innerText();
    await this.dialog.getByRole('button', { name: 'Do nothing' }).click();
    await this.dialog.waitFor({ state: 'detached' });
    return text;
  }
}
