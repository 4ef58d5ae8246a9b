/**
 * Runs in a page: shows each text in a document of its own, uses everything that it put there as a person might,
 * writes it out and reads it again, and tells what came of it.
 * @param htmls the texts
 * @param place how they get there: `innerHTML`, `document.write`, or else with the document itself
 * @param around the HTML around a text, which stands at `_`
 * @param tags elements that a text may have
 */
async function showHtml({ htmls, place, around, tags }) {
  const effects = htmls.map(() => ({ ran: false, foreign: new Set() }));
  const allowed = new Set([...tags, 'html', 'head', 'body', 'noscript', 'textarea', 'title', 'template']);
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

  // Not the element's own: a form answers with its fields of such names.
  const namesOf = (element) => Element.prototype.getAttributeNames.call(element);
  const valueOf = (element, name) => Element.prototype.getAttribute.call(element, name);

  /** Everything in a document, also what only waits to be cloned. */
  const elementsOf = (root) =>
    [...root.querySelectorAll('*')].flatMap((element) =>
      element.localName === 'template' && element.content instanceof Node
        ? [element, ...elementsOf(element.content)]
        : [element],
    );

  function look(root, foreign) {
    for (const element of elementsOf(root)) {
      if (namesOf(element).includes('data-harness')) continue;
      const isHtml = element.namespaceURI === 'http://www.w3.org/1999/xhtml';
      if (!isHtml || !allowed.has(element.localName)) foreign.add(`<${element.localName}>`);
      for (const name of namesOf(element)) {
        const value = valueOf(element, name);
        const isLink = name === 'href' && /^(https?:\/\/|mailto:)/.test(value);
        const isRelation = name === 'rel' && value === 'noopener noreferrer nofollow';
        if (element.localName !== 'a' || !(isLink || isRelation)) foreign.add(`${name}="${value}"`);
      }
    }
  }

  const dispatch = (element, event) => EventTarget.prototype.dispatchEvent.call(element, event);

  function use(root) {
    for (const element of elementsOf(root)) {
      for (const name of namesOf(element)) {
        if (name.startsWith('on')) dispatch(element, new Event(name.slice(2)));
      }
      dispatch(element, new MouseEvent('click', { bubbles: true, cancelable: true }));
    }
  }

  function open(html, index) {
    const frame = document.createElement('iframe');
    const hit = () => (effects[index].ran = true);
    // A document that is opened or loaded may have a window of its own.
    const arm = () => Object.assign(frame.contentWindow, { hit, alert: hit });
    window[`hit${index}`] = hit;
    const script = `<script data-harness>window.hit = window.alert = parent.hit${index}</script>`;
    const whole = `<!doctype html>${script}${around.replace('_', () => html)}`;
    if (place !== 'innerHTML' && place !== 'document.write') frame.srcdoc = whole;
    document.body.append(frame);
    arm();
    if (place === 'innerHTML') frame.contentDocument.body.innerHTML = html;
    if (place === 'document.write') {
      frame.contentDocument.open();
      arm();
      frame.contentDocument.write(whole);
      frame.contentDocument.close();
    }
    return frame;
  }

  const frames = htmls.map(open);
  await pause(300);
  for (const round of [1, 2]) {
    for (const [index, { contentDocument }] of frames.entries()) {
      // Without one, the text has led the frame elsewhere.
      if (!contentDocument?.body) continue;
      look(contentDocument, effects[index].foreign);
      use(contentDocument);
      if (round === 1) contentDocument.body.innerHTML = String(contentDocument.body.innerHTML);
    }
    await pause(200);
  }
  for (const frame of frames) frame.remove();
  return effects.map(({ ran, foreign }) => ({ ran, foreign: [...foreign] }));
}

globalThis.showHtml = showHtml;
