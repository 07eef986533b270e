/** For `onSubmit`: does it here, in place of the browser, which would load another page. */
export function submitting(act: () => void): (event: Event) => void {
  return (event) => {
    event.preventDefault();
    act();
  };
}
