# Sourced by nginx's configure once its Makefile is begun: the module belongs to `modules` and to `install`.

case "$NGX_MODULES_PATH" in
    /*) weir_modules_path=$NGX_MODULES_PATH ;;
    *) weir_modules_path=$NGX_PREFIX/$NGX_MODULES_PATH ;;
esac

cat << END                                                    >> $NGX_MAKEFILE

modules:	ngx_http_weir_module

install:	install_ngx_http_weir_module

.PHONY:	ngx_http_weir_module install_ngx_http_weir_module

ngx_http_weir_module:
	+cmake --build "$weir_build" --target ngx_http_weir_module
	cp "$weir_build/ngx_http_weir_module.so" $NGX_OBJS/

install_ngx_http_weir_module:	ngx_http_weir_module
	test -d '\$(DESTDIR)$weir_modules_path' \\
		|| mkdir -p '\$(DESTDIR)$weir_modules_path'
	cp $NGX_OBJS/ngx_http_weir_module.so '\$(DESTDIR)$weir_modules_path/'

END
