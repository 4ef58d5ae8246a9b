const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const figures = new Intl.NumberFormat('en', { maximumFractionDigits: 20 });
const exact = new Intl.DateTimeFormat('en', { dateStyle: 'long', timeStyle: 'short' });

const UNITS = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['week', 604_800],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
];

/** `3 hours ago` */
export function ago(date) {
  const seconds = (Date.parse(date) - Date.now()) / 1000;
  const [unit, length] = UNITS.find(([, each]) => Math.abs(seconds) >= each) ?? [];
  return unit ? relative.format(Math.round(seconds / length), unit) : 'just now';
}

export function exactly(date) {
  return exact.format(new Date(date));
}

/** `1,204` */
export const number = (value) => figures.format(value);

/** `11 bytes`, `46.9 KB` */
export function bytes(count) {
  const units = ['KB', 'MB', 'GB', 'TB'];
  if (count < 1000) return `${count} ${count === 1 ? 'byte' : 'bytes'}`;
  const power = Math.min(Math.floor(Math.log10(count) / 3), units.length);
  return `${number(Number((count / 1000 ** power).toPrecision(3)))} ${units[power - 1]}`;
}

const FILE_TYPES = [
  [/wordprocessingml/, 'Word document'],
  [/spreadsheetml/, 'Excel table'],
  [/presentationml/, 'PowerPoint'],
  [/opendocument\.(\w+)$/, 'OpenDocument $1'],
  [/^text\/plain$/, 'Text'],
  [/^image\/(.+)$/, '$1 picture'],
  [/^\w+\/(?:x-)?(.+)$/, '$1'],
];

/** `image/png` → `PNG picture` */
export function fileType(type) {
  const [pattern, words] = FILE_TYPES.find(([each]) => each.test(type)) ?? [/.*/, type];
  const [, found = ''] = pattern.exec(type);
  return words.replace('$1', found.length < 6 && !words.startsWith('Open') ? found.toUpperCase() : found);
}

/** `40 seconds`, `3 minutes` */
export function duration(seconds) {
  const [count, unit] =
    seconds < 90
      ? [seconds, 'second']
      : seconds < 5400
        ? [Math.ceil(seconds / 60), 'minute']
        : [Math.ceil(seconds / 3600), 'hour'];
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

const BROWSERS = [
  [/\bEdg(e|A|iOS)?\//, 'Edge'],
  [/\b(OPR|Opera)\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\b(Firefox|FxiOS)\//, 'Firefox'],
  [/\b(HeadlessChrome|Chrome|CriOS)\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
];
const SYSTEMS = [
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b|\bMacintosh\b/, 'Mac'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b/, 'Linux'],
];

/** `Firefox on Windows`; for a program its own name. */
export function device(userAgent) {
  if (!userAgent) return 'Unknown device';
  const nameOf = (list) => list.find(([pattern]) => pattern.test(userAgent))?.[1];
  const browser = nameOf(BROWSERS);
  const system = nameOf(SYSTEMS);
  if (browser && system) return `${browser} on ${system}`;
  return browser ?? userAgent.split(/[\s/(]/, 1)[0].slice(0, 40);
}

/** Faults of fields whose own words are for programs. */
const FAULTS = [
  [/must be an email/, 'Enter an address such as name@example.com.'],
  [/should not be empty|longer than or equal to 1 char/, 'Please fill this in.'],
  [/longer than or equal to (\d+) char/, 'Use at least $1 characters.'],
  [/shorter than or equal to (\d+) char/, 'Use at most $1 characters.'],
  [/longer than \d+ (UTF-16|bytes)/, 'This is too long.'],
  [/NUL|surrogate/, 'This holds characters that cannot be stored.'],
];

const ended = (text) => (/[.!?]$/.test(text) ? text : `${text}.`);

/** What is wrong with a field, for the person who filled it in. */
export function fault({ path, message }) {
  if (path === '') return ended(message);
  for (const [pattern, words] of FAULTS) {
    const found = pattern.exec(message);
    if (found) return words.replace('$1', found[1]);
  }
  const words = message.startsWith(`${path} `) ? message.slice(path.length + 1) : message;
  return `This ${words}.`;
}

const SENTENCES = {
  NETWORK: 'The server cannot be reached. Check your connection and try again.',
  GIVEN_UP: 'You stopped waiting. It may be done all the same: look before you try again.',
  RATE_LIMITED: 'Too many attempts.',
  INVALID_CREDENTIALS: 'The email or password is wrong.',
  OVERLOADED: 'The server is busy. Try again in a moment.',
  DATABASE_UNAVAILABLE: 'The service is unavailable right now. Try again shortly.',
  MAIL_NOT_CONFIGURED: 'Email cannot be sent right now. Ask whoever runs this service.',
  REGISTRATION_CLOSED: 'Registration is closed. Ask an administrator for an account.',
  FORBIDDEN:
    'You are not allowed to do this. If you opened the page at an unusual address, use the usual one.',
  WEAK_PASSWORD: 'This password is too easy to guess. A few unrelated words are better.',
  EMAIL_TAKEN: 'This address already has an account. Sign in instead.',
  IN_USE: 'Other records refer to it. Remove those references first.',
  LAST_ADMIN: 'This is the last administrator. Make somebody else one first.',
  STEP_UP_REQUIRED: 'Nothing has changed. Confirm that it is you to go on.',
  EMAIL_NOT_VERIFIED: 'Confirm your email address first: use the link in the mail we sent you.',
  INVALID_OTP: 'This code is wrong, or was used before. Wait for the next one.',
  OTP_REQUIRED: 'Enter the code from your authenticator app.',
  WINDOW_REFUSED: 'Your browser refused the window of the provider. Allow it for this site, then try again.',
  PASSKEY_NOT_USED: 'No passkey was used. Try again, or choose another way.',
  INVALID_PASSKEY: 'This passkey is not known here. Choose another way, then add it in your profile.',
  PASSKEYS_NOT_CONFIGURED: 'Passkeys do not work at this address.',
  PROVIDER_REFUSED: 'The sign-in was cancelled.',
  PROVIDER_UNAVAILABLE: 'This provider does not answer right now. Try again shortly, or choose another way.',
  SIGN_IN_FAILED: 'The provider gave no usable answer. Start again.',
  INVALID_OAUTH_CODE: 'This took too long. Start again.',
  ACCOUNT_LINK_REQUIRED:
    'This email address already has an account. Sign in with your password, then link the provider in your profile.',
  IDENTITY_TAKEN: 'This account is linked to another user.',
  LAST_WAY_IN: 'This is your only way to sign in. Set a password or add another way first.',
};

/** What went wrong, in plain words. */
export function sentence(failure) {
  const { code, status, retryAfter, requestId, message } = failure;
  const wait = status === 429 && retryAfter ? ` Try again in ${duration(retryAfter)}.` : '';
  if (code in SENTENCES) return SENTENCES[code] + wait;
  if (status === 503) return SENTENCES.DATABASE_UNAVAILABLE;
  if (status >= 500)
    return `Something went wrong on our side. If it happens again, tell us this number: ${requestId}.`;
  return ended(message);
}
