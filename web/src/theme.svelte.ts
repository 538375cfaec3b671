/** Light, dark, or as the system says; the choice is kept in this browser. */

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];
const KEPT_AS = 'understudy-theme';

class ThemeChoice {
  current = $state<Theme>('system');

  open(): void {
    const kept = localStorage.getItem(KEPT_AS);
    this.#apply(THEMES.find((theme) => theme === kept) ?? 'system');
  }

  choose(theme: Theme): void {
    localStorage.setItem(KEPT_AS, theme);
    this.#apply(theme);
  }

  #apply(theme: Theme): void {
    this.current = theme;
    if (theme === 'system') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = theme;
  }
}

export const theme = new ThemeChoice();
