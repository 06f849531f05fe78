/**
 * The frame of every page.
 *
 * @module
 */

import type { ReactNode } from "react";

/** The document around a page. */
export default function Layout({ children }: { readonly children: ReactNode }) {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  );
}
