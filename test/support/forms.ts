/** Where files are uploaded. */
export const FILES = '/api/v1/files';
export const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
export const FORM_TYPE = { 'content-type': 'multipart/form-data; boundary=b' };

/** A form as no client would write it: the name of its file as it stands. */
export function formOf(name: string, content: Buffer | string): Buffer {
  const head = `--b\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), Buffer.from(content), Buffer.from('\r\n--b--\r\n')]);
}
