/** The options that the driver knows; the package ships no types for this path. */
declare module 'mongodb/lib/connection_string.js' {
  export const OPTIONS: Record<string, { readonly type: 'uint' }> & {
    minPoolSizeCheckFrequencyMS: { readonly type: 'uint' };
  };
}
