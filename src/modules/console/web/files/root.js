/** Where the product is, whatever path a proxy serves it from: this file is at console/files/<version>/ below it. */
const ROOT = new URL('../../../', import.meta.url);

/** The whole address of something of the product: `api/v1/projects`, `console/projects?page=2`. */
export function at(path) {
  return new URL(path, ROOT).href;
}

/** The path below the product's root of an address, with its query; undefined for anything else. */
export function below(address) {
  const url = new URL(address, location.href);
  return url.href.startsWith(ROOT.href) ? url.href.slice(ROOT.href.length).replace(/#.*/, '') : undefined;
}
