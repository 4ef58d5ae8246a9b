/** The part of class-transformer's store that compiled validation reads; the package ships no types for this path. */
declare module 'class-transformer/cjs/storage.js' {
  import type { TransformFnParams, TypeMetadata } from 'class-transformer';

  export const defaultMetadataStorage: {
    findTypeMetadata(target: object, property: string): TypeMetadata | undefined;
    findTransformMetadatas(
      target: object,
      property: string,
      type: number,
    ): { transformFn: (params: TransformFnParams) => unknown }[];
  };
}
