/** The page begins: its theme, its language, then what is to be shown. */
import { mount } from 'svelte';
import './style/tokens.css';
import './style/page.css';
import App from './App.svelte';
import { whenSignedOut } from './client.ts';
import { openLanguage } from './language.ts';
import { routeOf } from './routes.ts';
import { session } from './session.svelte.ts';
import { theme } from './theme.svelte.ts';

const RELOADED_AT = 'understudy-reloaded';
const ONCE_IN_MS = 60_000;

/** A daemon that was upgraded has other files than the page that is open: it is loaded anew, once. */
addEventListener('vite:preloadError', () => {
  const nowMs = Date.now();
  if (nowMs - Number(sessionStorage.getItem(RELOADED_AT) ?? 0) < ONCE_IN_MS) return;
  sessionStorage.setItem(RELOADED_AT, String(nowMs));
  location.reload();
});

/** What the address shows is loaded while the session is asked for. */
void routeOf(location.pathname)?.route.load().catch(() => undefined);
theme.open();
whenSignedOut(() => session.ended());
await openLanguage();
mount(App, { target: document.getElementById('page')! });
