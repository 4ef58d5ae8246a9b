import { applyDecorators } from '@nestjs/common';
import { ValidateBy } from 'class-validator';
import sanitizeHtml from 'sanitize-html';
import { DeclarationError } from '../errors/start-error.js';
import { MAX_RICH_TEXT } from './bounds.js';
import { Text } from './fields.js';

/**
 * The elements that notes and descriptions need: nothing that loads, runs, is styled, has an id, or imitates the page.
 */
export const RICH_TEXT_TAGS =
  'p div br hr h1 h2 h3 h4 h5 h6 blockquote pre ul ol li a b strong i em u s sub sup code'.split(' ');

const LINK_PROTOCOLS: ReadonlySet<string> = new Set(['http:', 'https:', 'mailto:']);

/** Elements whose content is not text for people or is not parsed as HTML. Of other elements the text is kept. */
const REMOVED_WITH_CONTENT =
  'script style template noscript iframe noframes noembed xmp plaintext svg math title textarea select option'.split(
    ' ',
  );

/** A link, normalised as browsers parse it, so that none reads it differently; relative ones are dropped. */
function linkTo(href: string): sanitizeHtml.Attributes {
  const url = URL.parse(href);
  if (!url || !LINK_PROTOCOLS.has(url.protocol)) return {};
  // The linked page is not trusted: it gets no referrer, no access to this window and no search rank.
  return { href: url.href, rel: 'noopener noreferrer nofollow' };
}

const OPTIONS: sanitizeHtml.IOptions = {
  allowedTags: RICH_TEXT_TAGS,
  allowedAttributes: { a: ['href', 'rel'] },
  allowedSchemes: ['http', 'https', 'mailto'],
  allowProtocolRelative: false,
  nonTextTags: REMOVED_WITH_CONTENT,
  nestingLimit: 20,
  parseStyleAttributes: false,
  transformTags: { a: (tagName, { href = '' }) => ({ tagName, attribs: linkTo(href) }) },
};

/**
 * Reduces HTML to harmless elements and keeps its text. Sanitising the result again changes nothing: removing a tag may
 * bring together two that exclude each other (`<p><span><p>`), which the second pass separates.
 */
export function sanitised(html: string): string {
  const once = sanitizeHtml(html, OPTIONS).trim();
  return once === html ? once : sanitizeHtml(once, OPTIONS).trim();
}

/**
 * HTML of at most `max` characters, trimmed. Once the whole input is valid, it is sanitised: paragraphs, headings,
 * lists, emphasis, code, quotations and links to http, https and mailto are kept. The result must be within `max`, too,
 * so that clients can send back what they received.
 * @throws at once when `max` is more than 20,000
 */
export function RichText(max: number): PropertyDecorator {
  if (max > MAX_RICH_TEXT)
    throw new DeclarationError(`@RichText(${max}) is more than ${MAX_RICH_TEXT} characters`);
  return applyDecorators(
    Text(0, max),
    // Stored among class-validator's rules, so that it is inherited and copied with them.
    ValidateBy({ name: 'isRichText', constraints: [sanitised], validator: { validate: () => true } }),
  );
}
