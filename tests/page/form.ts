/** Forms of the page, filled in as a person does: by the names of their fields. */
import type { Locator } from 'playwright-core';

/** Text that is typed or chosen, a tick, or what of several is ticked. */
export type Filled = Readonly<Record<string, string | boolean | readonly string[]>>;

export async function fill(dialog: Locator, values: Filled): Promise<void> {
  for (const [name, value] of Object.entries(values)) {
    const field = dialog.locator(`[name="${name}"]`);
    await field.first().waitFor({ state: 'attached' });
    if (!(await field.first().isVisible())) await dialog.locator('summary').click();
    await set(field, value);
  }
}

async function set(field: Locator, value: Filled[string]): Promise<void> {
  if (typeof value === 'boolean') return field.setChecked(value);
  if (typeof value !== 'string') {
    for (const each of await field.all()) await each.setChecked(value.includes((await each.getAttribute('value')) ?? ''));
    return;
  }
  if ((await field.locator('option').count()) > 0) await field.selectOption(value);
  else await field.fill(value);
}
