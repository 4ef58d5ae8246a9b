import type { Mail } from './mail.js';

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escaped(text: string): string {
  return text.replaceAll(/[&<>"]/g, (character) => ESCAPES[character] ?? character);
}

/**
 * A mail as HTML, made of its text: what empty lines separate are paragraphs. Of what people have written nothing
 * becomes an element; a line that is an address of the product's own becomes a link.
 * @param origin without a slash at the end
 */
export function htmlOf({ subject, text }: Pick<Mail, 'subject' | 'text'>, origin: string): string {
  const line = (each: string): string => {
    const shown = escaped(each);
    return each.startsWith(`${origin}/`) && !/\s/.test(each) ? `<a href="${shown}">${shown}</a>` : shown;
  };
  const paragraphs = text
    .trim()
    .split(/\n{2,}/)
    .map((each) => `<p>${each.split('\n').map(line).join('<br>\n')}</p>`);
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>${escaped(subject)}</title></head>
<body style="font: 16px/1.5 sans-serif; max-width: 40em">
${paragraphs.join('\n')}
</body>
</html>
`;
}
