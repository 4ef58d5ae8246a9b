/** Longest address that a field takes; browsers and proxies cut off longer ones. */
export const MAX_WEB_URL = 2048;

/** What IsUrl is told: by itself it takes addresses without `//`, and with a user name that looks like another host. */
export const WEB_URL_FORM = { protocols: ['http', 'https'], require_protocol: true, disallow_auth: true };

/** IsUrl also takes characters that nobody sees, or that end an attribute of HTML. */
export const WEB_URL_CHARACTERS = /^https?:\/\/[^\s\p{Cc}\p{Cf}"<>\\]+$/iu;
