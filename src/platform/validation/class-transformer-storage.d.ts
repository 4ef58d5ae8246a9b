/** The part of class-transformer's store that compiled validation reads; the package ships no types for this path. */
declare module 'class-transformer/cjs/storage.js' {
  import type {
    ExcludeMetadata,
    ExposeMetadata,
    TransformFnParams,
    TransformOptions,
    TypeMetadata,
  } from 'class-transformer';

  export const defaultMetadataStorage: {
    findTypeMetadata(target: object, property: string): TypeMetadata | undefined;
    findTransformMetadatas(
      target: object,
      property: string,
      type: number,
    ): { transformFn: (params: TransformFnParams) => unknown; options: TransformOptions }[];
    getExposedMetadatas(target: object): ExposeMetadata[];
    getExcludedMetadatas(target: object): ExcludeMetadata[];
    /** What a decorator on the class itself says. */
    getStrategy(target: object): 'excludeAll' | 'exposeAll' | 'none';
  };
}
