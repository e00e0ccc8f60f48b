/*
 * What Swagger UI leaves out of its forms (WCAG 2.2): names of the fields of parameters and bodies (1.3.1, 4.1.2), and that a
 * keyboard can scroll long examples (2.1.1). It has no option for either.
 */

/** Completes the forms in an element, now and whenever Swagger UI draws them anew. */
export function nameFields(element: Element): void {
  const complete = () => {
    for (const field of element.querySelectorAll('input, select, textarea')) {
      if (!field.hasAttribute('aria-label') && !isLabelled(field)) field.setAttribute('aria-label', nameOf(field));
    }
    for (const example of element.querySelectorAll('pre:not([tabindex])')) example.setAttribute('tabindex', '0');
  };
  new MutationObserver(complete).observe(element, { childList: true, subtree: true });
  complete();
}

function isLabelled(field: Element): boolean {
  return ((field as HTMLInputElement).labels?.length ?? 0) > 0;
}

/** The name of its parameter, and otherwise what can be set in an operation beside parameters. */
function nameOf(field: Element): string {
  const parameter = field.closest('[data-param-name]')?.getAttribute('data-param-name');
  return parameter ?? (field.matches('textarea') ? 'Request body' : 'Media type');
}
