import { Link, useLocation } from 'wouter';
import { views } from './views';

export function Navigation() {
  const [path] = useLocation();
  return (
    <nav aria-label="Views" className="navigation">
      <ul>
        {views.map(({ path: to, title, icon }) => (
          <li key={to}>
            <Link href={to} aria-current={path === to ? 'page' : undefined}>
              <svg viewBox="0 0 24 24" width="18" height="18" aria-hidden="true">
                <path
                  d={icon}
                  fill="none"
                  stroke="currentColor"
                  strokeWidth="1.8"
                  strokeLinecap="round"
                  strokeLinejoin="round"
                />
              </svg>
              {title}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
