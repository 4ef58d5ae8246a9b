import { toast } from './dom.js';
import { Failure } from './request.js';
import { sentence } from './words.js';

/** Does something, and says what was refused. @returns whether it was done */
export async function attempt(act) {
  try {
    await act();
    return true;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (error.code !== 'CANCELLED') toast(sentence(error), { ms: 8000 });
    return false;
  }
}
