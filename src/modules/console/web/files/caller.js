import { call } from './session.js';

let reading;

async function read() {
  const { data } = await call('GET', 'console/caller');
  return new Set(data.permissions);
}

/** Whether the person has a permission, which lets it see what belongs to others. Asked for once. */
export async function mayUse(permission) {
  reading ??= read();
  try {
    const permissions = await reading;
    return permissions.has(permission);
  } catch (error) {
    reading = undefined;
    throw error;
  }
}
