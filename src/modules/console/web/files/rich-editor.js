import { element } from './dom.js';
import { richText } from './safe-html.js';

const BUTTONS = [
  ['Bold', 'B', 'bold'],
  ['Italic', 'I', 'italic'],
  ['Heading', 'H', 'formatBlock', 'h3'],
  ['Paragraph', '¶', 'formatBlock', 'p'],
  ['List', '•', 'insertUnorderedList'],
  ['Numbered list', '≡', 'insertOrderedList'],
  ['Quote', '”', 'formatBlock', 'blockquote'],
];

/** Writes rich text as people see it. The server sanitises what is sent. */
export function richEditor({ id, note, label, value }) {
  const text = element('div', {
    id,
    class: 'rich-input prose rich',
    contenteditable: 'true',
    role: 'textbox',
    'aria-multiline': 'true',
    'aria-label': label,
    'aria-describedby': note,
    dir: 'auto',
  });
  const run = (command, argument) => {
    text.focus();
    // The only way that every browser has; what it writes is plain elements.
    document.execCommand(command, false, argument);
  };
  const buttons = BUTTONS.map(([name, sign, command, argument]) =>
    element(
      'button',
      { type: 'button', title: name, 'aria-label': name, onclick: () => run(command, argument) },
      element('span', { 'aria-hidden': 'true' }, sign),
    ),
  );
  const bar = element(
    'div',
    { class: 'rich-bar', role: 'toolbar', 'aria-label': `Format ${label}` },
    buttons,
  );
  text.addEventListener('paste', (event) => {
    event.preventDefault();
    document.execCommand('insertText', false, event.clipboardData.getData('text/plain'));
  });
  const write = (html) => text.replaceChildren(richText(html));
  write(value);
  return {
    node: element('div', { class: 'rich-editor' }, bar, text),
    input: text,
    read: () => (text.textContent.trim() === '' ? null : text.innerHTML),
    write,
  };
}
