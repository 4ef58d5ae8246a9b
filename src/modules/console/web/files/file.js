import { element, find, fromTemplate } from './dom.js';
import { download, linkDialog } from './files.js';
import { icon } from './icons.js';
import { show as showRecord } from './record-page.js';

/** One file: its page as a record, and what can be done with what it holds. */
export async function show(view, context) {
  const title = await showRecord(view, context);
  view.append(fromTemplate('files'));
  const file = { id: context.id, name: title };
  const share = linkDialog(view);
  const button = (text, picture, act) =>
    element('button', { type: 'button', onclick: act }, icon(picture), text);
  find('.page-actions', view).prepend(
    button('Download', 'download', () => void download(file)),
    button('Share by a link', 'chain', () => share(file)),
  );
  return title;
}
