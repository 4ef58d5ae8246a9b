/** Loaded before the product, by `audit.mjs`: projects declare `audit: true`. */
import { registerHooks } from 'node:module';

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    if (!url.endsWith('/project.schema.js')) return loaded;
    return { ...loaded, source: String(loaded.source).replace("name: 'project',", '$& audit: true,') };
  },
});
