/**
 * What makes this product its own; `npm run product` sets the name. Besides this file, the documentation, the names of
 * packages and the files in `deploy` name it.
 * The console's pictures are `icon.svg` and `flow.svg` in src/modules/console/web/files.
 */
export const PRODUCT = {
  /** Shown to people: in the console, in mails, in the API document and in authenticator apps. Letters of ASCII. */
  name: 'Flowversal',
  /** The name that mails are from, unless MAIL_FROM gives another one. */
  sender: 'Flowversal',
  /** The console's accent, as custom properties of CSS. Text on it is white. */
  colors: {
    light: { accent: '#4a45c4', 'accent-strong': '#3a35a6', 'accent-soft': '#ecebfb', link: '#4540bd' },
    dark: { accent: '#5f5bdb', 'accent-strong': '#5450d0', 'accent-soft': '#252450', link: '#aaa8ff' },
  },
  /**
   * Begins the names of cookies, Redis keys and derived keys, and is the issuer of tokens, the embedded database and
   * the cache folder. It must stay as it is once anybody uses the product: another one signs everybody out, hides the
   * data of the embedded MongoDB and makes mailed links void.
   */
  key: 'flowversal',
  /** Begins API keys, so that scanners of leaked secrets find them. Keys with another prefix are refused. */
  apiKeyPrefix: 'fvk_',
};
