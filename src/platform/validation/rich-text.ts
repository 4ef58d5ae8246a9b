import { applyDecorators } from '@nestjs/common';
import { ValidateBy } from 'class-validator';
import sanitizeHtml from 'sanitize-html';
import { DeclarationError } from '../errors/start-error.js';
import { MAX_RICH_TEXT } from './bounds.js';
import { Text } from './fields.js';

/** What notes and descriptions need. Nothing that loads, runs, is styled, has a name, or looks like the page around it. */
export const RICH_TEXT_TAGS =
  'p div br hr h1 h2 h3 h4 h5 h6 blockquote pre ul ol li a b strong i em u s sub sup code'.split(' ');

const LINK_PROTOCOLS: ReadonlySet<string> = new Set(['http:', 'https:', 'mailto:']);

/** Whose content is no text for people, or is read by other rules than those of HTML. Of other tags the text stays. */
const REMOVED_WITH_CONTENT =
  'script style template noscript iframe noframes noembed xmp plaintext svg math title textarea select option'.split(
    ' ',
  );

/** An address as browsers understand it, so that none of them reads it otherwise; relative ones lead nowhere. */
function linkTo(href: string): sanitizeHtml.Attributes {
  const url = URL.parse(href);
  if (!url || !LINK_PROTOCOLS.has(url.protocol)) return {};
  // The page behind the link is a stranger: it learns nothing of this one, cannot reach it, and gains no rank.
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
 * HTML of which only harmless parts are left; what it says stays. Sanitising it again changes nothing.
 * A tag that is removed may leave two that exclude each other (`<p><span><p>`), which the second reading parts.
 */
export function sanitised(html: string): string {
  const once = sanitizeHtml(html, OPTIONS).trim();
  return once === html ? once : sanitizeHtml(once, OPTIONS).trim();
}

/**
 * HTML of at most `max` characters, trimmed. Once everything that was sent has passed its checks, the text is
 * sanitised: paragraphs, headings, lists, emphasis, code, quotations and links to http, https and mailto stay.
 * What is left must be within `max`, too, so that what was answered can be sent again.
 * @throws at once when `max` is more than 20,000
 */
export function RichText(max: number): PropertyDecorator {
  if (max > MAX_RICH_TEXT)
    throw new DeclarationError(`@RichText(${max}) is more than ${MAX_RICH_TEXT} characters`);
  return applyDecorators(
    Text(0, max),
    // Beside class-validator's rules, so that whatever inherits or copies the rules of a field takes it along.
    ValidateBy({ name: 'isRichText', constraints: [sanitised], validator: { validate: () => true } }),
  );
}
