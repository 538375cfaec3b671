/** The page of a machine, and the dialogs on it. */
import assert from 'node:assert/strict';
import type { Browser, Locator, Page } from 'playwright-core';
import { until, type TestHost } from '../flow/testhost.ts';
import { Operator } from './browser.ts';
import { fill, type Filled } from './form.ts';

const WITHIN_MS = 60_000;
const LOOK_AGAIN_MS = 1_000;
const HAS_CHANGED = /Nothing was done: the machine has changed/;
const DONE = /is done, after|Done\./;

function unlessRefused(thrown: unknown): undefined {
  if (!String(thrown).includes('ERR_CONNECTION_REFUSED')) throw thrown;
}

export class MachinePage {
  readonly operator: Operator;
  readonly page: Page;
  readonly #machine: string;

  private constructor(operator: Operator, machine: string) {
    this.operator = operator;
    this.page = operator.page;
    this.#machine = machine;
  }

  static async open(browser: Browser, host: TestHost, { machine = 'web1', ...options }: Parameters<typeof Operator.signedIn>[2] & { machine?: string } = {}): Promise<MachinePage> {
    const seen = new MachinePage(await Operator.signedIn(browser, host, options), machine);
    await seen.again();
    return seen;
  }

  /** The page is there, loaded anew. A daemon that starts answers on its socket first, and on its port once it has looked at its machines. */
  async again(): Promise<void> {
    await until('the port answers', () => this.page.goto(`/machines/${this.#machine}`).then(() => true as const, unlessRefused), WITHIN_MS);
    await this.page.getByRole('heading', { level: 1, name: this.#machine }).waitFor();
  }

  get dialog(): Locator {
    return this.page.getByRole('dialog');
  }

  async begin(title: string): Promise<Locator> {
    await this.page.getByRole('button', { name: title }).first().click({ timeout: WITHIN_MS });
    await this.dialog.waitFor();
    return this.dialog;
  }

  /** The dialog is confirmed, with the name where it is asked for. */
  async confirm(title: string): Promise<void> {
    const name = this.dialog.getByLabel(/^Type the name of the machine/);
    if (await name.isVisible()) await name.fill(this.#machine);
    await this.dialog.getByRole('button', { name: title, exact: true }).click({ timeout: WITHIN_MS });
  }

  /** Its job is done, or it is done at once. */
  async ended(): Promise<string> {
    const text = await this.#answered();
    assert.match(text, DONE);
    await this.dialog.getByRole('button', { name: 'Close', exact: true }).last().click();
    await this.dialog.waitFor({ state: 'detached' });
    return text;
  }

  async #answered(): Promise<string> {
    await this.dialog.getByRole('alert').first().waitFor({ timeout: WITHIN_MS });
    return (await this.dialog.textContent()) ?? '';
  }

  async run(title: string): Promise<string> {
    await this.begin(title);
    await this.confirm(title);
    return this.ended();
  }

  /** The dialog of that operation, filled in, and the button that does it; of sending on to that host when it is named. */
  async asking(id: string, values: Filled = {}, sentOnTo?: string): Promise<Locator> {
    const place = sentOnTo === undefined ? this.page.getByRole('main') : this.page.getByRole('region', { name: `Sent on to ${sentOnTo}` });
    await place.locator(`[data-operation="${id}"], [data-point-operation="${id}"]`).first().click({ timeout: WITHIN_MS });
    await this.dialog.locator(`form[data-operation="${id}"]`).waitFor();
    await fill(this.dialog, values);
    const confirmation = this.dialog.locator('[name="confirmation"]');
    if (await confirmation.isVisible()) await confirmation.fill(this.#machine);
    return this.dialog.locator('button[type="submit"]');
  }

  /** It was done, and the page said so. */
  async operate(id: string, values: Filled = {}, sentOnTo?: string): Promise<string> {
    const button = await this.asking(id, values, sentOnTo);
    await until(id, async () => {
      await this.#goOn(button);
      return HAS_CHANGED.test(await this.#answered()) ? undefined : true;
    }, WITHIN_MS);
    return this.ended();
  }

  /** What the page says of it; nothing was done. The dialog stays. */
  async refused(id: string, values: Filled = {}): Promise<string> {
    const button = await this.asking(id, values);
    await this.#goOn(button);
    const text = await this.#answered();
    assert.doesNotMatch(text, DONE, id);
    return text;
  }

  /** Whoever sees that the machine has changed meanwhile decides by what is so now, as often as it does. */
  async #goOn(button: Locator): Promise<void> {
    const anew = this.dialog.getByRole('button', { name: 'Go by what is so now' });
    await until('the dialog is confirmed', async () => {
      if (await anew.isVisible()) await this.#agreeAnew(anew);
      return button.click({ timeout: LOOK_AGAIN_MS }).then(() => true as const, () => undefined);
    }, WITHIN_MS, () => this.dialog.innerText());
  }

  async #agreeAnew(anew: Locator): Promise<void> {
    await anew.click();
    const confirmation = this.dialog.locator('[name="confirmation"]');
    if (await confirmation.isVisible()) await confirmation.fill(this.#machine);
  }

  /** Nothing is done. */
  async leave(): Promise<void> {
    await this.page.keyboard.press('Escape');
    await this.dialog.waitFor({ state: 'detached' });
  }

  async shows(state: string): Promise<void> {
    await this.page.getByLabel('State', { exact: true }).first().getByText(state, { exact: true }).waitFor({ timeout: WITHIN_MS });
  }

  points(): Locator {
    return this.page.getByRole('radio');
  }
}
