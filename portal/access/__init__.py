"""Who is acting, what their role allows, and whose rows they may see."""
