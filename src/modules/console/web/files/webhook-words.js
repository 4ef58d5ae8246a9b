import { element } from './dom.js';

/** How a webhook is: what it does now, and since when nothing gets there. */
export function stateOf({ status, failingSince }) {
  if (status === 'ended') return ['Ended by its receiver', 'bad'];
  if (status === 'paused') return [failingSince ? 'Paused after failing' : 'Paused', 'warn'];
  return failingSince ? ['Failing', 'bad'] : ['Active', 'ok'];
}

export function stateBadge(webhook) {
  const [text, kind] = stateOf(webhook);
  return element('span', { class: `badge ${kind}` }, text);
}

const DELIVERIES = { pending: ['On its way', ''], delivered: ['Delivered', 'ok'], failed: ['Failed', 'bad'] };
export const DELIVERY_STATES = Object.entries(DELIVERIES).map(([value, [text]]) => [value, text]);

export function deliveryBadge(status) {
  const [text, kind] = DELIVERIES[status];
  return element('span', { class: `badge ${kind}` }, text);
}
