import { refuse } from './refusal.ts';
import { constantCase, camelCase, pascalCase, pluralOf, singularOf, wordsOf } from './words.ts';

const MAX_LENGTH = 40;
const FORM = /^[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*$/;

/** What everything of a feature is called. */
export interface Names {
  /** In addresses, permissions and file names: `blog-posts`. */
  readonly plural: string;
  /** In file names: `blog-post`. */
  readonly singular: string;
  /** In sentences, and what errors are made of: `blog post`. */
  readonly resource: string;
  /** In sentences: `blog posts`. */
  readonly resources: string;
  /** The class of its records: `BlogPost`. */
  readonly Record: string;
  /** What classes of the whole feature begin with: `BlogPosts`. */
  readonly Feature: string;
  /** A record in a variable: `blogPost`. */
  readonly record: string;
  /** Several in a variable: `blogPosts`. */
  readonly records: string;
  /** Begins its constants and the codes of its errors: `BLOG_POST`. */
  readonly RECORD: string;
  /** Its collection: `blog_posts`. */
  readonly collection: string;
}

/**
 * The names of a feature, from its plural: `blog-posts`.
 * @throws Refusal for what is no plural in kebab case, or has none
 */
export function namesOf(plural: string): Names {
  if (!FORM.test(plural)) {
    refuse(
      `"${plural}" is not a valid feature name: use a plural in lower case, such as invoices or blog-posts`,
    );
  }
  if (plural.length > MAX_LENGTH) refuse(`"${plural}" is longer than ${MAX_LENGTH} characters`);
  const words = wordsOf(plural);
  const singular = singularOf(words);
  const expected = pluralOf(singular).join('-');
  if (singular.join('-') === plural || expected !== plural) {
    const hint =
      expected === plural
        ? 'it has no singular of its own; say what one of them is, as in news-items'
        : `say ${expected || 'what there are, as in invoices'}`;
    refuse(`"${plural}" is not the plural of anything: ${hint}`);
  }
  return {
    plural,
    singular: singular.join('-'),
    resource: singular.join(' '),
    resources: words.join(' '),
    Record: pascalCase(singular),
    Feature: pascalCase(words),
    record: camelCase(singular),
    records: camelCase(words),
    RECORD: constantCase(singular),
    collection: words.join('_'),
  };
}
