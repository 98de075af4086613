// Has the browser keep the page's own files (service-worker.js), and says when the server has newer ones.
import { isReachable, onReachableChange } from '@/lib/online';
import { t } from '@/lib/strings';
import { toast } from '@/lib/toasts';

/** The first visit's own requests come first. */
const REST_MS = 2_000;
const CHECK_MS = 60 * 60 * 1000;

/** The program this page was started from. */
const entry = (): string | undefined => document.querySelector<HTMLScriptElement>('script[type="module"]')?.src;

function onMessage(event: MessageEvent<unknown>): void {
  const { type, entry: newest } = event.data as { type?: unknown; entry?: unknown };
  const mine = entry();
  if (type !== 'mdreader-build' || typeof newest !== 'string' || mine === undefined || new URL(mine).pathname === newest) return;
  toast(t('update.ready'), { action: { label: t('update.reload'), run: () => location.reload() } });
}

/** Looks for a new version after a restart of the server, and now and then in a tab that stays open for days. */
function keepLooking(workers: ServiceWorkerContainer): void {
  let last = Date.now();
  const look = (): void => {
    last = Date.now();
    void workers.getRegistration().then((registration) => registration?.update()).catch(() => undefined);
  };
  onReachableChange(() => isReachable() && look());
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible' && Date.now() - last > CHECK_MS) look();
  });
}

/** Only over HTTPS or on this machine: elsewhere browsers have no service workers, and a reload needs the server. */
export function keepPageOffline(): void {
  const workers = (navigator as Partial<Navigator>).serviceWorker;
  if (!workers || !import.meta.env.PROD) return;
  workers.addEventListener('message', onMessage);
  workers.startMessages();
  keepLooking(workers);
  setTimeout(() => {
    void workers.register('/service-worker.js', { updateViaCache: 'none' }).catch(() => undefined);
  }, REST_MS);
}
