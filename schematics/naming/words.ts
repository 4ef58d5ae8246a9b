import pluralize from 'pluralize';

// The library's general rules have these wrong.
for (const word of ['cache', 'virus', 'lens', 'axis'])
  pluralize.addIrregularRule(word, pluralize.plural(word));

/** `blog-posts` → `['blog', 'posts']`; `customerEmail` → `['customer', 'email']` */
export function wordsOf(name: string): string[] {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .split(/[-_ ]/);
}

export function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** `['blog', 'post']` → `BlogPost` */
export function pascalCase(words: readonly string[]): string {
  return words.map(capitalised).join('');
}

/** `['blog', 'post']` → `blogPost` */
export function camelCase(words: readonly string[]): string {
  const [first = '', ...others] = words;
  return first + pascalCase(others);
}

/** `['blog', 'post']` → `BLOG_POST` */
export function constantCase(words: readonly string[]): string {
  return words.join('_').toUpperCase();
}

/** `an invoice`, `a user` */
export function withArticle(noun: string): string {
  return /^(?!uni|use|usa|eu|one)[aeiou]/.test(noun) ? `an ${noun}` : `a ${noun}`;
}

function lastChanged(words: readonly string[], change: (word: string) => string): string[] {
  return words.map((word, index) => (index === words.length - 1 ? change(word) : word));
}

/** Of the last word: `['blog', 'posts']` → `['blog', 'post']` */
export function singularOf(words: readonly string[]): string[] {
  return lastChanged(words, (word) => pluralize.singular(word));
}

/** Of the last word: `['status']` → `['statuses']` */
export function pluralOf(words: readonly string[]): string[] {
  return lastChanged(words, (word) => pluralize.plural(word));
}
