import { Reference } from './fields.js';

/** The id of a file, as the ObjectId that a schema's field with `ref: 'StoredFile'` holds. */
export function FileReference(): PropertyDecorator {
  return Reference();
}

/** The same for a picture: the field says `picture: true`, too. */
export function PictureReference(): PropertyDecorator {
  return Reference();
}
