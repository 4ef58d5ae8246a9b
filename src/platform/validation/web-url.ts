/** Maximum length of a URL; browsers and proxies truncate longer ones. */
export const MAX_WEB_URL = 2048;

/** Options of IsUrl: by default it accepts URLs without `//`, and with a user name that looks like another host. */
export const WEB_URL_FORM = { protocols: ['http', 'https'], require_protocol: true, disallow_auth: true };

/** IsUrl also accepts invisible characters, and characters that end an HTML attribute. */
export const WEB_URL_CHARACTERS = /^https?:\/\/[^\s\p{Cc}\p{Cf}"<>\\]+$/iu;
