import { nameFields } from './name-fields.ts';
import { type Endpoint, endpointsOf, type OpenApi, sampleRequest } from './openapi.ts';
import { LANGUAGES, type Language, sample } from './samples.ts';

/* Swagger UI, with code samples in front of the responses of each operation. */

// biome-ignore lint/suspicious/noExplicitAny: Swagger UI has no types
type Any = any;

/** The global of swagger-ui.js. */
declare const SwaggerUIBundle: (options: Record<string, unknown>) => Any;

export interface Viewer {
  /** Sends this token with each request that needs one. */
  authorize(token: string): void;
  /** Shows one operation and no other, or all of them. */
  show(endpoint: Endpoint | undefined): void;
}

/** Starts Swagger UI. Resolves when it shows the operations. */
export function startViewer(document: OpenApi, element: Element): Promise<Viewer> {
  nameFields(element);
  return new Promise((resolve) => {
    const ui = SwaggerUIBundle({
      spec: document,
      domNode: element,
      layout: 'BaseLayout',
      docExpansion: 'list',
      defaultModelsExpandDepth: -1,
      defaultModelExpandDepth: 2,
      tryItOutEnabled: true,
      displayRequestDuration: true,
      // The default is a service on another host.
      validatorUrl: null,
      plugins: [showOneOperation, codeSamples(document)],
      onComplete: () => resolve({ authorize: (token) => ui.preauthorizeApiKey('bearer', token), show: show(ui) }),
    });
  });
}

/** Swagger UI's filter, which then finds an operation by its id, decides what is shown. */
const showOneOperation = {
  fn: {
    opsFilter: (tags: Any, operationId: string) =>
      tags
        .map((tag: Any) =>
          tag.update('operations', (operations: Any) =>
            operations.filter((entry: Any) => originalId(entry.get('operation')) === operationId),
          ),
        )
        .filter((tag: Any) => tag.get('operations').size > 0),
  },
  // Its own input for the filter; the page has a search of its own.
  wrapComponents: { FilterContainer: () => () => null },
};

/** Swagger UI replaces the hyphens of an id, and keeps the original beside it. */
function originalId(operation: Any): string {
  return operation.get('__originalOperationId') ?? operation.get('operationId');
}

function show(ui: Any): Viewer['show'] {
  const { layoutActions } = ui.getSystem();
  return (endpoint) => {
    layoutActions.updateFilter(endpoint?.operationId ?? false);
    if (endpoint) layoutActions.show(['operations', endpoint.tags[0], endpoint.operationId], true);
  };
}

function codeSamples(document: OpenApi) {
  const endpoints = endpointsOf(document);
  return (system: Any) => {
    const { createElement, Fragment, useState } = system.React;

    function Samples({ endpoint }: { endpoint: Endpoint }) {
      const [language, setLanguage] = useState(LANGUAGES[0] as Language);
      const [copied, setCopied] = useState(false);
      const text = sample(language, sampleRequest(document, endpoint, location.origin));
      const tab = (name: Language) =>
        createElement(
          'button',
          { key: name, type: 'button', 'aria-pressed': name === language, onClick: () => setLanguage(name) },
          name,
        );
      const copy = async () => {
        await navigator.clipboard.writeText(text);
        setCopied(true);
        setTimeout(() => setCopied(false), 2000);
      };
      return createElement(
        'section',
        { className: 'samples', 'aria-label': 'Code samples' },
        createElement(
          'div',
          { className: 'samples-bar' },
          ...LANGUAGES.map(tab),
          createElement('button', { type: 'button', className: 'copy', onClick: copy }, copied ? 'Copied' : 'Copy'),
        ),
        // A keyboard can scroll what can be focused.
        createElement('pre', { tabIndex: 0 }, createElement('code', null, text)),
      );
    }

    return {
      wrapComponents: {
        responses: (Responses: Any) => (props: Any) => {
          const endpoint = endpoints.find(({ path, method }) => path === props.path && method === props.method);
          return createElement(
            Fragment,
            null,
            endpoint && createElement(Samples, { key: 'samples', endpoint }),
            createElement(Responses, { key: 'responses', ...props }),
          );
        },
      },
    };
  };
}
