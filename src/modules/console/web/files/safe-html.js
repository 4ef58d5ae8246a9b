/** The tags of rich text. The server sanitises it; a page builds it anew all the same, so that it depends on nobody. */
const TAGS = new Set(
  'P DIV BR HR H1 H2 H3 H4 H5 H6 BLOCKQUOTE PRE UL OL LI A B STRONG I EM U S SUB SUP CODE'.split(' '),
);

function copyInto(target, source) {
  for (const node of source.childNodes) {
    if (node.nodeType === Node.TEXT_NODE) target.append(node.data);
    else if (TAGS.has(node.nodeName)) {
      const made = document.createElement(node.nodeName);
      if (node.nodeName === 'A' && /^(https?:|mailto:)/i.test(node.getAttribute('href') ?? '')) {
        made.href = node.getAttribute('href');
        made.rel = 'noopener noreferrer nofollow';
        made.target = '_blank';
      }
      copyInto(made, node);
      target.append(made);
    }
  }
}

/** Rich text as elements. */
export function richText(html) {
  const made = document.createDocumentFragment();
  copyInto(made, new DOMParser().parseFromString(html ?? '', 'text/html').body);
  return made;
}

/** The words of rich text, for where there is one line. */
export const wordsOf = (html) =>
  new DOMParser().parseFromString(html ?? '', 'text/html').body.textContent.trim();
