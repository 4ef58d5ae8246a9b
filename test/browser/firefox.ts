import { type Browser, firefox } from 'playwright-core';

/**
 * Nothing but this machine can be reached: whatever else is asked for goes to a proxy that is not there. And pages are
 * left as much time to end as they need: one that is ended by force ends the browser, and every other page.
 */
const PREFERENCES = {
  'dom.abort_script_on_child_shutdown': false,
  'dom.ipc.tabs.shutdownTimeoutSecs': 0,
  'network.proxy.type': 1,
  'network.proxy.http': '127.0.0.1',
  'network.proxy.http_port': 9,
  'network.proxy.ssl': '127.0.0.1',
  'network.proxy.ssl_port': 9,
};

/** What Playwright sends for every page, and Firefox 153 does not know. Pages then have the machine's colours. */
const UNKNOWN = 'emulation.setMediaFeaturesOverride';

/** Playwright's own end of WebDriver BiDi, as far as it is used here. */
interface Session {
  send(method: string, parameters: unknown): Promise<unknown>;
}

interface Internals {
  readonly _connection: { toImpl(browser: Browser): { readonly _browserSession: Session } };
}

/** Starts the headless Firefox that is installed at a path. */
export async function openFirefox(executablePath: string): Promise<Browser> {
  const browser = await firefox.launch({
    channel: 'moz-firefox',
    executablePath,
    firefoxUserPrefs: PREFERENCES,
  });
  const { _browserSession: session } = (browser as Browser & Internals)._connection.toImpl(browser);
  const sessions = Object.getPrototypeOf(session) as Session;
  const { send } = sessions;
  sessions.send = function sendKnown(method, parameters) {
    return method === UNKNOWN ? Promise.resolve({}) : send.call(this, method, parameters);
  };
  return browser;
}
